{#- A row needs enough people, and so does what is left of a sum when it stays behind: over models,
over topics, and over the groups of an axis or the countries. -#}
with

incidents as (

    select
        reported.*,
        concat_ws(
            '|',
            reported.weighting,
            reported.judge,
            reported.judge_version,
            reported.rubric_version,
            reported.hazard,
            reported.severity
        ) as reading,
        {{ family_of('strata') }}
    from {{ ref('rpt_safety_incident') }} as reported
    inner join {{ ref('dim_stratum') }} as strata on reported.stratum_id = strata.stratum_id

),

of_models as (

    select * from incidents
    where model_id <> '*'

),

of_topics as (

    select * from incidents
    where topic <> '*'

),

of_groups as (

    select * from incidents
    where stratum_id <> 'all'

),

models as (

    {{ large_enough(
        'of_models', ['reading', 'stratum_id', 'topic'], 'model_id', 'participant_count',
        is_overlapping=true
    ) }}

),

topics as (

    {{ large_enough(
        'of_topics', ['reading', 'stratum_id', 'model_id'], 'topic', 'participant_count',
        is_overlapping=true
    ) }}

),

-- Groups of an axis, or countries.
members as (

    {{ large_enough(
        'of_groups', ['reading', 'parent_id', 'axis', 'model_id', 'topic'], 'stratum_id',
        'participant_count'
    ) }}

),

strata as (

    select * from {{ ref('int_coverage__disclosed') }}

)

select
    incidents.weighting,
    incidents.stratum_id,
    incidents.judge,
    incidents.judge_version,
    incidents.rubric_version,
    incidents.model_id,
    incidents.hazard,
    incidents.topic,
    incidents.severity,
    incidents.participant_count >= {{ disclosed_people_min() }}
    and coalesce(strata.is_disclosed, false)
    and coalesce(models.is_large_enough, true)
    and coalesce(topics.is_large_enough, true)
    and coalesce(members.is_large_enough, true) as is_disclosed
from incidents
left join strata on incidents.stratum_id = strata.stratum_id
left join models
    on
        incidents.reading = models.reading
        and incidents.stratum_id = models.stratum_id
        and incidents.topic = models.topic
        and incidents.model_id = models.model_id
left join topics
    on
        incidents.reading = topics.reading
        and incidents.stratum_id = topics.stratum_id
        and incidents.model_id = topics.model_id
        and incidents.topic = topics.topic
left join members
    on
        incidents.reading = members.reading
        and incidents.parent_id = members.parent_id
        and incidents.axis = members.axis
        and incidents.model_id = members.model_id
        and incidents.topic = members.topic
        and incidents.stratum_id = members.stratum_id
