with

left_out as (

    select * from {{ source('ratings', 'left_out') }}

)

select
    what,
    stratum_id,
    dimension,
    model_count,
    kept_model_count
from left_out
