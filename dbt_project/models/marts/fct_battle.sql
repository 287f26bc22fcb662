{{ config(materialized='view') }}

with

battles as (

    select * from {{ ref('int_battles__current') }}

),

cells as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

participants as (

    select * from {{ ref('int_participants__revised') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

proposals as (

    select
        proposed.conversation_id,
        {{ canonical_model('proposed', 'model_a') }} as model_a,
        {{ canonical_model('proposed', 'model_b') }} as model_b,
        proposed.policy,
        proposed.policy_version,
        proposed.propensity,
        proposed.position
    from {{ ref('stg_events__battles_scheduled') }} as proposed
    left join retracted on proposed.event_id = retracted.event_id
    {{ join_canonical_model('proposed', 'model_a') }}
    {{ join_canonical_model('proposed', 'model_b') }}
    where
        retracted.event_id is null
        and proposed.conversation_id is not null

),

-- A conversation that was scheduled twice counts as it was scheduled first.
scheduled as (

    select
        conversation_id,
        least(model_a, model_b) as first_model_id,
        greatest(model_a, model_b) as second_model_id,
        {{ first_known('policy', 'position') }} as policy,
        {{ first_known('policy_version', 'position') }} as policy_version,
        {{ first_known('propensity', 'position') }} as propensity
    from proposals
    group by conversation_id, least(model_a, model_b), greatest(model_a, model_b)

)

select
    battles.event_id,
    battles.battle_key,
    battles.source,
    battles.participant_key,
    coalesce(cells.cell_id, unknown.cell_id) as cell_id,
    battles.dimension,
    battles.model_a,
    battles.model_b,
    battles.outcome,
    battles.language,
    battles.topic,
    battles.item_id,
    battles.occurred_at,
    battles.position,
    greatest(battles.valid_from_position, coalesce(participants.valid_from_position, 0))
        as valid_from_position,
    battles.is_corrected,
    battles.is_counted,
    battles.uncounted_reason,
    scheduled.conversation_id is not null as is_scheduled,
    scheduled.policy,
    scheduled.policy_version,
    scheduled.propensity
from battles
cross join unknown
left join participants on battles.participant_key = participants.participant_key
left join cells on battles.participant_key = cells.participant_key
left join scheduled
    on
        battles.conversation_id = scheduled.conversation_id
        and least(battles.model_a, battles.model_b) = scheduled.first_model_id
        and greatest(battles.model_a, battles.model_b) = scheduled.second_model_id
