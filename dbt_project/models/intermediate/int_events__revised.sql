{#- What is about an event may be retracted in turn, and that again: followed to the end. Only what
is later is about a revision, so that two retractions of each other do not go in circles. -#}
with recursive

retractions as (

    select * from {{ ref('stg_events__events_retracted') }}

),

corrections as (

    select * from {{ ref('stg_events__events_corrected') }}

),

revisions as (

    select
        event_id,
        target_event_id,
        position
    from retractions
    union all
    select
        event_id,
        target_event_id,
        position
    from corrections

),

followed as (

    select
        target_event_id as event_id,
        position as revised_position,
        position as via_position,
        1 as depth
    from revisions
    union all
    select
        revisions.target_event_id as event_id,
        followed.revised_position,
        revisions.position as via_position,
        followed.depth + 1 as depth
    from followed
    inner join revisions on followed.event_id = revisions.event_id
    where followed.via_position > revisions.position

),

revised as (

    select
        event_id,
        max(revised_position) as revised_position,
        max(depth) as depth
    from followed
    group by event_id

)

select * from revised
