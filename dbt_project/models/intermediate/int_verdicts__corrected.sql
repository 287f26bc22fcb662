with

corrections as (

    select * from {{ ref('stg_events__events_corrected') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

standing as (

    select corrections.*
    from corrections
    left join retracted on corrections.event_id = retracted.event_id
    where retracted.event_id is null

),

latest as (

    select
        target_event_id as event_id,
        max_by(outcome, position) as outcome,
        max(position) as corrected_position
    from standing
    group by target_event_id

)

select * from latest
