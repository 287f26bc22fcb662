with

tournaments as (

    select * from {{ source('ratings', 'tournament') }}

)

select
    stratum_id,
    dimension,
    battle_count,
    tie_share_micro / 1e6 as tie_share,
    decisiveness_micro / 1e6 as decisiveness,
    separation_micro / 1e6 as separation
from tournaments
