{{ config(materialized='view') }}

with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

revised as (

    select * from {{ ref('int_battles__revised') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

)

select
    battles.event_id,
    battles.battle_key,
    battles.source,
    battles.participant_key,
    battles.dimension,
    battles.model_a,
    battles.model_b,
    coalesce(revised.corrected_outcome, battles.outcome) as outcome,
    battles.conversation_id,
    battles.language,
    battles.topic,
    battles.occurred_at,
    battles.position,
    greatest(battles.position, coalesce(revised.revised_position, 0)) as valid_from_position,
    coalesce(revised.is_corrected, false) as is_corrected,
    excluded.participant_key is null as is_counted
from battles
left join revised on battles.position = revised.position
left join excluded on battles.participant_key = excluded.participant_key
where
    not coalesce(revised.is_retracted, false)
    and {{ happened_by('battles.occurred_at') }}
