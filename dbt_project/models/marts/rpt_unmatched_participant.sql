{#-
A join that fails says nothing by itself: a voter whose enrolment is not found counts as a person of
whom nothing is known. Somebody who enrolled and did not vote is nothing strange, unless there are voters
without an enrolment, or nobody of the source voted.
-#}
with

-- Who rated models one at a time has spoken too, without a battle.
spoken as (

    select
        source,
        participant_key,
        1 as battle_count
    from {{ ref('int_battles__current') }}
    union all
    select
        source,
        participant_key,
        0 as battle_count
    from {{ ref('int_ratings__current') }}

),

voters as (

    select
        source,
        participant_key,
        cast(sum(battle_count) as bigint) as battle_count
    from spoken
    where participant_key is not null
    group by source, participant_key

),

enrolled as (

    select
        min(events.source) as source,
        participants.participant_key
    from {{ ref('int_participants__current') }} as participants
    inner join {{ ref('stg_events__participants_enrolled') }} as events
        on participants.participant_key = events.participant_key
    group by participants.participant_key

),

people as (

    select
        voters.source,
        'voted_not_enrolled' as kind,
        enrolled.participant_key is null as is_unmatched,
        voters.battle_count
    from voters
    left join enrolled on voters.participant_key = enrolled.participant_key
    union all
    select
        enrolled.source,
        'enrolled_never_voted' as kind,
        voted.participant_key is null as is_unmatched,
        0 as battle_count
    from enrolled
    left join (select distinct voters.participant_key from voters) as voted
        on enrolled.participant_key = voted.participant_key

),

counted as (

    select
        source,
        kind,
        cast(count(*) as bigint) as total_count,
        cast(sum(case when is_unmatched then 1 else 0 end) as bigint) as participant_count,
        cast(sum(case when is_unmatched then battle_count else 0 end) as bigint) as battle_count
    from people
    group by source, kind

),

unmatched as (

    select * from counted
    where participant_count > 0

),

-- Of a source nobody matches: the source of the other kind of which nobody matches either, as large
-- as possible alike.
candidates as (

    select
        unmatched.source,
        unmatched.kind,
        others.source as other_source,
        others.participant_count as other_participant_count,
        row_number() over (
            partition by unmatched.source, unmatched.kind
            order by
                abs(unmatched.participant_count - others.participant_count) asc,
                others.source asc
        ) as place
    from unmatched
    inner join unmatched as others
        on
            unmatched.kind <> others.kind
            and unmatched.source <> others.source
    where
        unmatched.participant_count = unmatched.total_count
        and others.participant_count = others.total_count

),

paired as (

    select
        unmatched.*,
        candidates.other_source,
        candidates.other_participant_count,
        others.source is not null as is_other_kind_here
    from unmatched
    left join candidates
        on
            unmatched.source = candidates.source
            and unmatched.kind = candidates.kind
            and candidates.place = 1
    left join unmatched as others
        on
            unmatched.source = others.source
            and unmatched.kind <> others.kind

),

explained as (

    select
        paired.*,
        case
            when paired.other_source is not null then 'loaded under another source'
            when paired.is_other_kind_here then 'ids written differently'
            when
                paired.kind = 'enrolled_never_voted'
                and paired.participant_count < paired.total_count
                then 'did not vote yet'
            when paired.kind = 'enrolled_never_voted' then 'votes not loaded'
            when paired.participant_count < paired.total_count then 'enrolments missing'
            else 'nobody of the source enrolled'
        end as likely_cause
    from paired

)

select
    source,
    kind,
    participant_count,
    total_count,
    battle_count,
    likely_cause,
    other_source,
    other_participant_count,
    likely_cause not in ('did not vote yet', 'nobody of the source enrolled') as is_suspect
from explained
