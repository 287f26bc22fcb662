with

pairs as (

    select * from {{ source('ratings', 'pairwise') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_a,
    model_b,
    skill_difference_micro / 1e6 as skill_difference,
    skill_difference_sd_micro / 1e6 as skill_difference_sd,
    p_better_micro / 1e6 as p_better,
    p_win_micro / 1e6 as p_win,
    p_tie_micro / 1e6 as p_tie,
    win_share_micro / 1e6 as win_share,
    win_share_lo_micro / 1e6 as win_share_lo,
    win_share_hi_micro / 1e6 as win_share_hi,
    battle_count
from pairs
