with

dimension_prediction as (

    select * from {{ source('ratings', 'dimension_prediction') }}

)

select
    stratum_id,
    dimension,
    predicted_share_micro / 1e6 as predicted_share,
    predicted_share_lo_micro / 1e6 as predicted_share_lo,
    predicted_share_hi_micro / 1e6 as predicted_share_hi,
    best_dimension,
    best_share_micro / 1e6 as best_share,
    best_share_lo_micro / 1e6 as best_share_lo,
    best_share_hi_micro / 1e6 as best_share_hi,
    gain_micro / 1e6 as gain,
    gain_lo_micro / 1e6 as gain_lo,
    gain_hi_micro / 1e6 as gain_hi,
    battle_count
from dimension_prediction
