{#- Topics' verdicts add up to those of all topics, and of all sensitive ones; groups' to those of
their country. A topic needs enough people, and so does what stays behind of each sum. -#}
with

ties as (

    select
        reported.*,
        coalesce(reported.is_sensitive, false) as is_of_sensitive,
        {{ family_of('strata') }}
    from {{ ref('rpt_topic_tie_rate') }} as reported
    inner join {{ ref('dim_stratum') }} as strata on reported.stratum_id = strata.stratum_id

),

of_topics as (

    select * from ties
    where topic not like '*%' and participant_count > 0

),

of_groups as (

    select * from ties
    where stratum_id <> 'all' and participant_count > 0

),

topics as (

    {{ large_enough(
        'of_topics', ['weighting', 'stratum_id', 'dimension'], 'topic', 'participant_count',
        is_overlapping=true
    ) }}

),

sensitive as (

    {{ large_enough(
        'of_topics', ['weighting', 'stratum_id', 'dimension', 'is_of_sensitive'], 'topic',
        'participant_count', is_overlapping=true
    ) }}

),

members as (

    {{ large_enough(
        'of_groups', ['weighting', 'dimension', 'topic', 'parent_id', 'axis'], 'stratum_id',
        'participant_count'
    ) }}

),

strata as (

    select * from {{ ref('int_strata__disclosed') }}

)

select
    ties.weighting,
    ties.stratum_id,
    ties.dimension,
    ties.topic,
    (
        ties.participant_count = 0
        or (
            ties.participant_count >= {{ disclosed_people_min() }}
            and coalesce(topics.is_large_enough, true)
            and coalesce(sensitive.is_large_enough, true)
            and coalesce(members.is_large_enough, true)
        )
    )
    and coalesce(strata.is_disclosed, false) as is_disclosed
from ties
left join strata
    on
        ties.stratum_id = strata.stratum_id
        and ties.dimension = strata.dimension
left join topics
    on
        ties.weighting = topics.weighting
        and ties.stratum_id = topics.stratum_id
        and ties.dimension = topics.dimension
        and ties.topic = topics.topic
left join sensitive
    on
        ties.weighting = sensitive.weighting
        and ties.stratum_id = sensitive.stratum_id
        and ties.dimension = sensitive.dimension
        and ties.topic = sensitive.topic
left join members
    on
        ties.weighting = members.weighting
        and ties.dimension = members.dimension
        and ties.topic = members.topic
        and ties.parent_id = members.parent_id
        and ties.axis = members.axis
        and ties.stratum_id = members.stratum_id
