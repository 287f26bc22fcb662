with

countries as (

    select * from {{ ref('seed_countries') }}

),

strata as (

    select * from {{ ref('seed_strata') }}

),

axes as (

    select * from {{ ref('seed_axes') }}

),

targets as (

    select * from {{ ref('seed_targets') }}

),

judging as (

    select
        count(distinct country) as country_count,
        count(*) - count(country) as elsewhere_count,
        min(country) as country
    from {{ ref('int_participants__with_verdicts') }}

),

-- Where all who judged are of one country, everybody is its people.
of_everybody as (

    select
        'all' as stratum_id,
        cast(null as string) as country,
        cast(null as string) as axis,
        cast(null as string) as group_name,
        coalesce(countries.label, 'Everybody') as label,
        cast(null as double) as population_share,
        0 as sort_order
    from judging
    left join countries
        on
            judging.country = countries.country
            and judging.country_count = 1
            and judging.elsewhere_count = 0

),

of_countries as (

    select
        country as stratum_id,
        country,
        cast(null as string) as axis,
        cast(null as string) as group_name,
        label,
        cast(1 as double) as population_share,
        sort_order
    from countries

),

of_groups as (

    select
        strata.stratum_id,
        strata.country,
        strata.axis,
        strata.group_name,
        strata.country || ', ' || lower(axes.label) || ': ' || strata.group_name as label,
        cast(targets.share as double) as population_share,
        100 + strata.sort_order as sort_order
    from strata
    inner join axes
        on
            strata.country = axes.country
            and strata.axis = axes.axis
    left join targets
        on
            axes.country = targets.country
            and axes.variable = targets.variable
            and strata.group_name = targets.level

),

united as (

    select * from of_everybody
    union all
    select * from of_countries
    union all
    select * from of_groups

)

select
    stratum_id,
    country,
    axis,
    group_name,
    label,
    population_share,
    cast(sort_order as integer) as sort_order
from united
