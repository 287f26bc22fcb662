{#-
Two things about every event that was retracted or corrected: the last event about it, and whether a
retraction of it stands.

What is about an event may be retracted in turn, and that again: followed to the end. Only what is later
is about a revision, so that two retractions of each other do not go in circles.

A retraction stands unless a later retraction of it (an appeal) stands. Round by round: round 0 takes
every retraction to stand; in each next round stands what no retraction of the round before is about.
Retractions that nobody appealed are right in round 0, those whose appeals all are right in round n are
right in round n + 1; so after as many rounds as the longest chain, all are right.

An event that was said again after a retraction is gone whatever becomes of the retraction.
-#}
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

),

longest as (

    select coalesce(max(depth), 0) as depth from revised

),

stands as (

    select
        0 as round,
        event_id,
        target_event_id,
        position
    from retractions
    union all
    select
        rounds.next_round as round,
        retractions.event_id,
        retractions.target_event_id,
        retractions.position
    from retractions
    cross join (select max(before.round) + 1 as next_round from stands as before) as rounds
    cross join longest
    left join stands
        on
            retractions.event_id = stands.target_event_id
            and retractions.position < stands.position
    where
        stands.event_id is null
        and rounds.next_round <= longest.depth

),

retracted as (

    select
        stands.target_event_id as event_id,
        min(stands.position) as retracted_position
    from stands
    inner join longest on stands.round = longest.depth
    left join retractions on stands.target_event_id = retractions.event_id
    -- A retraction of a retraction is about what was said before it.
    where retractions.event_id is null or retractions.position < stands.position
    group by stands.target_event_id

),

said_again as (

    select * from {{ ref('int_events__said_again') }}

)

select
    revised.event_id,
    greatest(revised.revised_position, coalesce(said_again.followed_position, 0))
        as revised_position,
    coalesce(retracted.retracted_position, said_again.followed_position) as retracted_position
from revised
left join retracted on revised.event_id = retracted.event_id
left join said_again on revised.event_id = said_again.event_id
