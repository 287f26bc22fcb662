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

),

named as (

    select
        battles.event_id,
        battles.battle_key,
        battles.source,
        battles.participant_key,
        battles.dimension,
        {{ canonical_model('battles', 'model_a') }} as model_a,
        {{ canonical_model('battles', 'model_b') }} as model_b,
        battles.outcome,
        battles.conversation_id,
        battles.language,
        battles.topic,
        battles.occurred_at,
        battles.position,
        greatest(
            battles.position,
            coalesce(model_a_meant.valid_from_position, 0),
            coalesce(model_b_meant.valid_from_position, 0)
        ) as valid_from_position
    from battles
    {{ join_canonical_model('battles', 'model_a') }}
    {{ join_canonical_model('battles', 'model_b') }}

)

select
    named.event_id,
    named.battle_key,
    named.source,
    named.participant_key,
    named.dimension,
    named.model_a,
    named.model_b,
    coalesce(revised.corrected_outcome, named.outcome) as outcome,
    named.conversation_id,
    named.language,
    named.topic,
    named.occurred_at,
    named.position,
    greatest(named.valid_from_position, coalesce(revised.revised_position, 0))
        as valid_from_position,
    coalesce(revised.is_corrected, false) as is_corrected,
    case
        when named.model_a = named.model_b then 'own_alias'
        when excluded.participant_key is not null then 'excluded'
    end as uncounted_reason,
    excluded.participant_key is null and not coalesce(named.model_a = named.model_b, false)
        as is_counted
from named
left join revised on named.position = revised.position
left join excluded on named.participant_key = excluded.participant_key
where
    not coalesce(revised.is_retracted, false)
    and {{ happened_by('named.occurred_at') }}
