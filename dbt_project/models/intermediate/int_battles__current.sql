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
        battles.language,
        battles.topic,
        battles.occurred_at,
        battles.position,
        coalesce(corrected.corrected_position, battles.position) as valid_from_position,
        corrected.event_id is not null as is_corrected,
        excluded.participant_key is null as is_counted
    from battles
    left join corrected on battles.event_id = corrected.event_id
    left join retracted on battles.event_id = retracted.event_id
    left join excluded on battles.participant_key = excluded.participant_key
    where
        retracted.event_id is null
        {%- if var('valid_until', none) %}
        -- Events without a time cannot be cut by time: they count at every cut.
            and (
                battles.occurred_at is null
                or battles.occurred_at <= cast('{{ var("valid_until") }}' as timestamptz)
            )
        {%- endif %}

)

select * from current_battles
