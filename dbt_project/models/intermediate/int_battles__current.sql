{{ config(materialized='view') }}

with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

corrected as (

    select * from {{ ref('int_verdicts__corrected') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

current_battles as (

    select
        battles.event_id,
        battles.battle_key,
        battles.source,
        battles.participant_key,
        battles.dimension,
        battles.model_a,
        battles.model_b,
        coalesce(corrected.outcome, battles.outcome) as outcome,
        battles.conversation_id,
        battles.language,
        battles.topic,
        battles.occurred_at,
        battles.position,
        greatest(battles.position, coalesce(revised.revised_position, 0)) as valid_from_position,
        corrected.event_id is not null as is_corrected,
        excluded.participant_key is null as is_counted
    from battles
    left join corrected on battles.event_id = corrected.event_id
    left join retracted on battles.event_id = retracted.event_id
    left join revised on battles.event_id = revised.event_id
    left join excluded on battles.participant_key = excluded.participant_key
    where
        retracted.event_id is null
        and {{ happened_by('battles.occurred_at') }}

)

select * from current_battles
