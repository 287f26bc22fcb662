{#- A row needs enough people, and so do the countries that are hidden together. -#}
with

effects as (

    select
        *,
        concat_ws(
            '|', weighting, judge, judge_version, rubric_version, outcome, level
        ) as reading
    from {{ ref('rpt_sycophancy_effect') }}

),

of_countries as (

    select * from effects
    where stratum_id <> 'all'

),

countries as (

    {{ large_enough('of_countries', ['reading'], 'stratum_id', 'participant_count') }}

),

strata as (

    select * from {{ ref('int_coverage__disclosed') }}

)

select
    effects.weighting,
    effects.stratum_id,
    effects.judge,
    effects.judge_version,
    effects.rubric_version,
    effects.outcome,
    effects.level,
    effects.participant_count >= {{ disclosed_people_min() }}
    and coalesce(strata.is_disclosed, false)
    and coalesce(countries.is_large_enough, true) as is_disclosed
from effects
left join strata on effects.stratum_id = strata.stratum_id
left join countries
    on
        effects.reading = countries.reading
        and effects.stratum_id = countries.stratum_id
