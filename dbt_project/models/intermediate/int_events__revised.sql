{#-
Two things about every event that was retracted or corrected: the last event about it, and whether a
retraction of it stands.

What is about an event may be retracted in turn, and that again: followed to the end. Only what is later
is about a revision, so that two retractions of each other do not go in circles.

A retraction stands unless a later retraction of it (an appeal) stands. Round by round: round 0 takes
every retraction to stand; in each next round stands what no retraction of the round before is about.
Retractions that nobody appealed are right in round 0, those whose appeals all are right in round n are
right in round n + 1; so after as many rounds as the longest chain, all are right.

An event that was retracted and then said again has the next generation of its id: HASH:KEYS, then
HASH~2:KEYS, HASH~3:KEYS (ingestion/log/retractions.py). The later one takes the earlier one's place for
good, even where the retraction is taken back: else both would count. Ids, which are long and all
different, are read only where something was retracted.
-#}
{%- set types = [
    'battles_judged', 'battles_scheduled', 'battles_tallied', 'benchmarks_reported',
    'conversations_labelled', 'conversations_recorded', 'events_corrected', 'events_retracted',
    'experiences_rated', 'external_boards_published', 'models_aliased', 'models_published',
    'models_registered', 'models_retired', 'participants_corrected', 'participants_enrolled',
    'participants_excluded', 'strikes_issued', 'studies_described',
] -%}
{%- set generation = "^([^:~]+)~([0-9]+)(:.*)?$" -%}
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

following as (

    select
        target_event_id as event_id,
        split_part(split_part(target_event_id, ':', 1), '~', 1)
        || '~'
        || cast(
            coalesce(
                cast(nullif(regexp_extract(target_event_id, '{{ generation }}', 2), '') as integer),
                1
            ) + 1 as string
        )
        || substr(target_event_id, length(split_part(target_event_id, ':', 1)) + 1)
            as following_event_id
    from (select distinct target_event_id from retractions) as targets

),

events as (

    {%- for type in types %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            position
        from {{ ref('stg_events__' ~ type) }}
    {%- endfor %}

),

said_again as (

    select
        following.event_id,
        events.position as followed_position
    from following
    inner join events on following.following_event_id = events.event_id

)

select
    revised.event_id,
    greatest(revised.revised_position, coalesce(said_again.followed_position, 0))
        as revised_position,
    coalesce(retracted.retracted_position, said_again.followed_position) as retracted_position
from revised
left join retracted on revised.event_id = retracted.event_id
left join said_again on revised.event_id = said_again.event_id
