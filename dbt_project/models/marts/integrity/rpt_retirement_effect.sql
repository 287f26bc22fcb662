with

effects as (

    select * from {{ source('ratings', 'retirement_effect') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_id,
    removed_model_count,
    removed_battle_share_micro / 1e6 as removed_battle_share,
    rank_among_kept,
    rank_without,
    skill_micro / 1e6 as skill,
    skill_without_micro / 1e6 as skill_without,
    shift_micro / 1e6 as shift,
    shift_lo_micro / 1e6 as shift_lo,
    shift_hi_micro / 1e6 as shift_hi,
    p_shift_micro / 1e6 as p_shift
from effects
