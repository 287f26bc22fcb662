with

disagreement as (

    select * from {{ source('ratings', 'disagreement') }}

)

select
    weighting,
    stratum_id,
    dimension,
    axis,
    relation,
    opposite_share_micro / 1e6 as opposite_share,
    opposite_share_lo_micro / 1e6 as opposite_share_lo,
    opposite_share_hi_micro / 1e6 as opposite_share_hi,
    decided_share_micro / 1e6 as decided_share,
    decided_share_lo_micro / 1e6 as decided_share_lo,
    decided_share_hi_micro / 1e6 as decided_share_hi,
    couple_count,
    participant_count
from disagreement
