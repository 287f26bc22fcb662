{#-
A partition of adults sums to all adults, within what two reference years differ by. Tables that overlap do not:
the eight tables B01001B to I of the ACS, summed, make 298 million adults of 261 million.
-#}
with

countries as (

    select * from {{ ref('seed_countries') }}

),

variables as (

    select * from {{ ref('seed_variables') }}
    where covers = 'adults'

),

joint_variables as (

    select distinct
        country,
        variable
    from {{ ref('seed_joint_parts') }}

),

totals as (

    select
        country,
        variable,
        sum(population) as population
    from {{ ref('seed_targets') }}
    group by country, variable
    union all
    select
        country,
        variable,
        sum(population) as population
    from {{ ref('seed_joint_targets') }}
    group by country, variable

),

-- Education is a five-year average and lags by as much as adults grow in those years.
compared as (

    select
        totals.country,
        totals.variable,
        totals.population,
        countries.adult_population
    from totals
    inner join countries on totals.country = countries.country
    left join variables
        on
            totals.country = variables.country
            and totals.variable = variables.variable
    left join joint_variables
        on
            totals.country = joint_variables.country
            and totals.variable = joint_variables.variable
    where variables.variable is not null or joint_variables.variable is not null

)

select *
from compared
where abs(cast(population as double) / cast(adult_population as double) - 1) > 0.06
