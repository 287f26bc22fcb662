with

effects as (

    select * from {{ source('ratings', 'sycophancy_effect') }}

)

select
    weighting,
    stratum_id,
    judge,
    judge_version,
    rubric_version,
    outcome,
    level,
    naive_effect_micro / 1e6 as naive_effect,
    naive_effect_lo_micro / 1e6 as naive_effect_lo,
    naive_effect_hi_micro / 1e6 as naive_effect_hi,
    effect_micro / 1e6 as effect,
    effect_lo_micro / 1e6 as effect_lo,
    effect_hi_micro / 1e6 as effect_hi,
    people_effect_micro / 1e6 as people_effect,
    people_effect_lo_micro / 1e6 as people_effect_lo,
    people_effect_hi_micro / 1e6 as people_effect_hi,
    p_micro / 1e6 as p,
    p_adjusted_micro / 1e6 as p_adjusted,
    e_value_micro / 1e6 as e_value,
    e_value_limit_micro / 1e6 as e_value_limit,
    answer_count,
    participant_count,
    model_count,
    human_count,
    people_answer_count,
    not_estimated_reason
from effects
