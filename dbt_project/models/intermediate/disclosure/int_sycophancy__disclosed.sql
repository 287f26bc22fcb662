{#- A row needs enough people, and so does what is left of a sum when it stays behind: over models,
and over the groups of an axis or the countries. -#}
with

rates as (

    select
        reported.*,
        concat_ws(
            '|',
            reported.weighting,
            reported.judge,
            reported.judge_version,
            reported.rubric_version,
            reported.label
        ) as reading,
        {{ family_of('strata') }}
    from {{ ref('rpt_sycophancy') }} as reported
    inner join {{ ref('dim_stratum') }} as strata on reported.stratum_id = strata.stratum_id

),

of_models as (

    select * from rates
    where model_id <> '*'

),

of_groups as (

    select * from rates
    where stratum_id <> 'all'

),

models as (

    {{ large_enough(
        'of_models', ['reading', 'stratum_id'], 'model_id', 'participant_count',
        is_overlapping=true
    ) }}

),

-- Groups of an axis, or countries.
members as (

    {{ large_enough(
        'of_groups', ['reading', 'parent_id', 'axis', 'model_id'], 'stratum_id',
        'participant_count'
    ) }}

),

strata as (

    select * from {{ ref('int_coverage__disclosed') }}

)

select
    rates.weighting,
    rates.stratum_id,
    rates.judge,
    rates.judge_version,
    rates.rubric_version,
    rates.label,
    rates.model_id,
    rates.participant_count >= {{ disclosed_people_min() }}
    and coalesce(strata.is_disclosed, false)
    and coalesce(models.is_large_enough, true)
    and coalesce(members.is_large_enough, true) as is_disclosed
from rates
left join strata on rates.stratum_id = strata.stratum_id
left join models
    on
        rates.reading = models.reading
        and rates.stratum_id = models.stratum_id
        and rates.model_id = models.model_id
left join members
    on
        rates.reading = members.reading
        and rates.parent_id = members.parent_id
        and rates.axis = members.axis
        and rates.model_id = members.model_id
        and rates.stratum_id = members.stratum_id
