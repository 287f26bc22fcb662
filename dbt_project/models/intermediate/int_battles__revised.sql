{#-
What became of the few battles that a correction or retraction is about, by the place of the battle in
the log: so that event ids, which are long and all different, are read only where there are any.
-#}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

corrected as (

    select * from {{ ref('int_verdicts__corrected') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

revised_battles as (

    select
        battles.position,
        battles.participant_key,
        battles.dimension,
        battles.model_a,
        battles.model_b,
        battles.outcome,
        battles.occurred_at,
        revised.revised_position,
        corrected.outcome as corrected_outcome,
        corrected.event_id is not null as is_corrected,
        retracted.event_id is not null as is_retracted
    from battles
    inner join revised on battles.event_id = revised.event_id
    left join corrected on battles.event_id = corrected.event_id
    left join retracted on battles.event_id = retracted.event_id

)

select * from revised_battles
