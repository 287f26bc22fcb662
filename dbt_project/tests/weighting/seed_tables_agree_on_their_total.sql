{#- Two partitions of one table, year and universe count the same people. -#}
with

targets as (

    select
        country,
        variable,
        table_id,
        reference_year,
        universe,
        population
    from {{ ref('seed_targets') }}
    union all
    select
        country,
        variable,
        table_id,
        reference_year,
        universe,
        population
    from {{ ref('seed_joint_targets') }}

),

totals as (

    select
        country,
        variable,
        table_id,
        reference_year,
        universe,
        sum(population) as population
    from targets
    where population is not null
    group by country, variable, table_id, reference_year, universe

)

select
    country,
    table_id,
    min(population) as population_min,
    max(population) as population_max
from totals
group by country, table_id, reference_year, universe
having max(population) - min(population) > 0.5
