{#- Where a source counts people, the share is theirs: no figure is kept twice with two values. -#}
with

targets as (

    select
        country,
        variable,
        level,
        share,
        population
    from {{ ref('seed_targets') }}
    union all
    select
        country,
        variable,
        {{ joint_level() }} as level,
        share,
        population
    from {{ ref('seed_joint_targets') }}

),

compared as (

    select
        *,
        cast(population as double)
        / cast(sum(population) over (partition by country, variable) as double) as population_share,
        count(population) over (partition by country, variable) as counted,
        count(*) over (partition by country, variable) as level_count
    from targets

)

select *
from compared
where
    (population is not null and abs(population_share - share) > 1e-9)
    -- People for some levels and per cent for others cannot be compared.
    or counted not in (0, level_count)
