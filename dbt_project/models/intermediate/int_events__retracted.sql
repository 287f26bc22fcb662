{#- A retraction stands unless a later retraction of it (an appeal) stands. Round by round: round 0
takes every retraction to stand; in each next round stands what no retraction of the round before is
about. Retractions that nobody appealed are right in round 0, those whose appeals all are right in
round n are right in round n + 1; so after as many rounds as the longest chain, all are right. -#}
with recursive

retractions as (

    select * from {{ ref('stg_events__events_retracted') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

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

standing as (

    select
        stands.target_event_id as event_id,
        min(stands.position) as retracted_position
    from stands
    inner join longest on stands.round = longest.depth
    left join retractions on stands.target_event_id = retractions.event_id
    -- A retraction of a retraction is about what was said before it.
    where retractions.event_id is null or retractions.position < stands.position
    group by stands.target_event_id

)

select * from standing
