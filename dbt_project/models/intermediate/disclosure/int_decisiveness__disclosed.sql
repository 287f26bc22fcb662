{#- Levels of a kind add up to everybody's verdicts, or to their country's. A level needs enough
people, and so does one of those that stay behind of a kind. A topic that stays behind in rpt_topic_tie_rate
does so here too. -#}
with

shares as (

    select * from {{ ref('rpt_decisiveness') }}

),

judged as (

    select
        stratum_id,
        dimension,
        kind,
        coalesce(country, 'all') as parent_id,
        level,
        participant_count
    from shares
    where participant_count > 0

),

levels as (

    {{ large_enough(
        'judged', ['dimension', 'kind', 'parent_id'], 'level', 'participant_count',
        is_overlapping=true
    ) }}

),

strata as (

    select * from {{ ref('int_strata__disclosed') }}

),

topics as (

    select * from {{ ref('int_topics__disclosed') }}
    where stratum_id = 'all' and weighting = 'none'

)

select
    shares.stratum_id,
    shares.dimension,
    shares.kind,
    shares.level,
    (
        shares.participant_count = 0
        or (
            shares.participant_count >= {{ disclosed_people_min() }}
            and coalesce(levels.is_large_enough, true)
        )
    )
    and coalesce(strata.is_disclosed, false)
    and coalesce(topics.is_disclosed, true) as is_disclosed
from shares
left join strata
    on
        shares.stratum_id = strata.stratum_id
        and shares.dimension = strata.dimension
left join levels
    on
        shares.dimension = levels.dimension
        and shares.kind = levels.kind
        and coalesce(shares.country, 'all') = levels.parent_id
        and shares.level = levels.level
left join topics
    on
        shares.kind = 'topic'
        and shares.dimension = topics.dimension
        and shares.level = topics.topic
