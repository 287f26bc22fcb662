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

-- Each battle as corrected, by the names that were said.
said as (

    select
        battles.event_id,
        battles.battle_key,
        battles.source,
        coalesce(revised.corrected_participant_key, battles.participant_key) as participant_key,
        coalesce(revised.corrected_dimension, battles.dimension) as dimension,
        coalesce(revised.corrected_model_a, battles.model_a) as model_a,
        coalesce(revised.corrected_model_b, battles.model_b) as model_b,
        coalesce(revised.model_a_position, battles.position) as model_a_position,
        coalesce(revised.model_b_position, battles.position) as model_b_position,
        coalesce(revised.corrected_outcome, battles.outcome) as outcome,
        battles.conversation_id,
        battles.language,
        battles.topic,
        battles.item_id,
        coalesce(revised.corrected_judged_at, battles.occurred_at) as occurred_at,
        battles.position,
        greatest(battles.position, coalesce(revised.revised_position, 0)) as revised_position,
        coalesce(revised.is_corrected, false) as is_corrected,
        coalesce(revised.is_said_twice, false) as is_said_twice
    from battles
    left join revised on battles.position = revised.position
    where not coalesce(revised.is_retracted, false)

),

named as (

    select
        said.event_id,
        said.battle_key,
        said.source,
        said.participant_key,
        said.dimension,
        {{ canonical_model('said', 'model_a') }} as model_a,
        {{ canonical_model('said', 'model_b') }} as model_b,
        said.outcome,
        said.conversation_id,
        said.language,
        said.topic,
        said.item_id,
        said.occurred_at,
        said.position,
        greatest(
            said.revised_position,
            coalesce(model_a_meant.valid_from_position, 0),
            coalesce(model_b_meant.valid_from_position, 0)
        ) as valid_from_position,
        said.is_corrected,
        said.is_said_twice,
        said.model_a = said.model_b as is_one_name
    from said
    {{ join_canonical_model('said', 'model_a', 'model_a_position') }}
    {{ join_canonical_model('said', 'model_b', 'model_b_position') }}

),

reasoned as (

    select
        named.*,
        case
            when named.is_said_twice then 'said_twice'
            when named.is_one_name then 'model_against_itself'
            when named.model_a = named.model_b then 'own_alias'
            when excluded.participant_key is not null then 'excluded'
        end as uncounted_reason
    from named
    left join excluded on named.participant_key = excluded.participant_key

)

select
    event_id,
    battle_key,
    source,
    participant_key,
    dimension,
    model_a,
    model_b,
    outcome,
    conversation_id,
    language,
    topic,
    item_id,
    occurred_at,
    position,
    valid_from_position,
    is_corrected,
    uncounted_reason,
    uncounted_reason is null as is_counted
from reasoned
where {{ happened_by('occurred_at') }}
