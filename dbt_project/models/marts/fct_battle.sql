{{ config(materialized='view') }}

with

battles as (

    select * from {{ ref('int_battles__current') }}

),

participants as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

revised as (

    select * from {{ ref('int_participants__revised') }}

),

scheduled as (

    select * from {{ ref('int_battles__scheduled') }}

),

placed as (

    select
        revised.participant_key,
        revised.valid_from_position,
        cells.cell_id
    from revised
    left join participants on revised.participant_key = participants.participant_key
    left join cells on participants.cell_key = cells.cell_key

),

nobody_known as (

    select cell_id as unknown_cell_id from cells
    where cell_key = 'unknown'

),

final as (

    select
        battles.event_id,
        battles.battle_key,
        battles.source,
        battles.participant_key,
        coalesce(placed.cell_id, nobody_known.unknown_cell_id) as cell_id,
        battles.dimension,
        battles.model_a,
        battles.model_b,
        battles.outcome,
        battles.language,
        battles.topic,
        battles.occurred_at,
        battles.position,
        greatest(battles.valid_from_position, coalesce(placed.valid_from_position, 0))
            as valid_from_position,
        battles.is_corrected,
        battles.is_counted,
        scheduled.conversation_id is not null as is_scheduled,
        scheduled.policy,
        scheduled.policy_version,
        scheduled.propensity
    from battles
    cross join nobody_known
    left join placed on battles.participant_key = placed.participant_key
    left join scheduled
        on
            battles.conversation_id = scheduled.conversation_id
            and least(battles.model_a, battles.model_b) = scheduled.model_low
            and greatest(battles.model_a, battles.model_b) = scheduled.model_high

)

select * from final
