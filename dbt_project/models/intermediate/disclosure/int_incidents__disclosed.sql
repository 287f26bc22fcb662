{#- A row needs enough people, and so does what is left of a sum when it stays behind: over models,
over topics, and over the groups of an axis or the countries. -#}
{%- set same = ['weighting', 'judge', 'judge_version', 'rubric_version', 'hazard', 'severity'] -%}
with

incidents as (

    select
        reported.*,
        case when strata.axis is null then 'all' else strata.country end as parent_id,
        coalesce(strata.axis, '') as axis
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

    {{ large_enough('of_models', same + ['stratum_id', 'topic'], 'model_id', 'participant_count') }}

),

topics as (

    {{ large_enough('of_topics', same + ['stratum_id', 'model_id'], 'topic', 'participant_count') }}

),

groups as (

    {{ large_enough('of_groups', same + ['parent_id', 'axis', 'model_id', 'topic'], 'stratum_id', 'participant_count') }}

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
    and coalesce(groups.is_large_enough, true) as is_disclosed
from incidents
left join strata on incidents.stratum_id = strata.stratum_id
{%- for relation, keys in [
    ('models', ['stratum_id', 'topic', 'model_id']),
    ('topics', ['stratum_id', 'model_id', 'topic']),
    ('groups', ['parent_id', 'axis', 'model_id', 'topic', 'stratum_id']),
] %}
    left join {{ relation }}
        on
            {%- for key in same + keys %}
            {% if not loop.first %}and {% endif %}incidents.{{ key }} = {{ relation }}.{{ key }}
            {%- endfor %}
{%- endfor %}
