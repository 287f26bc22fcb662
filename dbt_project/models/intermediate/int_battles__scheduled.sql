{{ config(materialized='view') }}

with

scheduled as (

    select * from {{ ref('stg_events__battles_scheduled') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

standing as (

    select
        scheduled.conversation_id,
        least(scheduled.model_a, scheduled.model_b) as model_low,
        greatest(scheduled.model_a, scheduled.model_b) as model_high,
        scheduled.policy,
        scheduled.policy_version,
        scheduled.propensity,
        scheduled.position
    from scheduled
    left join retracted on scheduled.event_id = retracted.event_id
    where
        retracted.event_id is null
        and scheduled.conversation_id is not null

),

-- Whoever schedules the same conversation twice meant the first.
final as (

    select
        conversation_id,
        model_low,
        model_high,
        min_by(policy, position) as policy,
        min_by(policy_version, position) as policy_version,
        min_by(propensity, position) as propensity
    from standing
    group by conversation_id, model_low, model_high

)

select * from final
