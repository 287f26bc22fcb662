with

stopping as (

    select * from {{ source('ratings', 'stopping') }}

),

targets as (

    select * from {{ ref('seed_stopping_targets') }}

)

select
    stopping.target,
    targets.description,
    stopping.stratum_id,
    stopping.dimension,
    stopping.weighting,
    stopping.estimator,
    stopping.policy,
    stopping.policy_version,
    stopping.measure,
    stopping.threshold_micro / 1e6 as threshold,
    stopping.value_micro / 1e6 as value,
    stopping.is_reached,
    stopping.measure = 'lead_confidence' as holds_at_every_look,
    stopping.battle_count,
    stopping.design_effect_micro / 1e6 as variance_ratio,
    stopping.battles_needed,
    stopping.battles_needed_lo,
    stopping.battles_needed_hi
from stopping
left join targets on stopping.target = targets.target
