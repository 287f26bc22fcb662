with

diagnostics as (

    select * from {{ ref('rpt_weighting_diagnostics') }}

)

-- Who was left out of a scheme is what it lacks against the others.
select
    country,
    scheme,
    participant_count >= {{ disclosed_people_min() }}
    and not left_out_count between 1 and {{ disclosed_people_min() }} - 1
    and not participant_count - left_out_count
    between 1 and {{ disclosed_people_min() }} - 1 as is_disclosed
from diagnostics
