with

disclosed as (

    select * from {{ ref('int_strata__disclosed') }}

)

select
    stratum_id,
    is_disclosed,
    cast({{ disclosed_people_min() }} as integer) as people_min
from disclosed
where dimension = '{{ every_dimension() }}'
