with

decisiveness as (

    select * from {{ source('ratings', 'decisiveness') }}

)

select
    dimension,
    kind,
    country,
    level,
    tie_share_micro / 1e6 as tie_share,
    tie_share_lo_micro / 1e6 as tie_share_lo,
    tie_share_hi_micro / 1e6 as tie_share_hi,
    difference_micro / 1e6 as difference,
    difference_lo_micro / 1e6 as difference_lo,
    difference_hi_micro / 1e6 as difference_hi,
    p_value_micro / 1e6 as p_value,
    battle_count,
    participant_count,
    is_different
from decisiveness
