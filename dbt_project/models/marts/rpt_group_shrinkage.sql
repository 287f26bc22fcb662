with

shrinkages as (

    select * from {{ source('ratings', 'group_shrinkage') }}

)

select
    country || '/' || axis || '/' || group_name as stratum_id,
    dimension,
    battle_count,
    shrinkage_micro / 1e6 as shrinkage
from shrinkages
