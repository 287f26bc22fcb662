{{ config(severity='warn') }}
{#- Warns: more than one answer in fifty is a wording that no seed explains, so nobody in the
country is weighted by this scheme; unweighted boards are made. Add rows to seed_crosswalk
(demoscope crosswalk proposes them). -#}
select
    country,
    scheme,
    variable,
    answered_count,
    unrecognised_count,
    wordings
from {{ ref('int_weightings__stopped') }}
