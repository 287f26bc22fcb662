{{ config(materialized='view') }}
{#- Every combination of a country's groups, with the share it would have if axes were independent;
axis by axis, in the order in which a cell's key names them. -#}
with recursive

strata as (

    select * from {{ ref('dim_stratum') }}
    where axis is not null and population_share is not null

),

axes as (

    select
        country,
        axis,
        row_number() over (partition by country order by sort_order, axis) as ordinal,
        count(*) over (partition by country) as axis_count
    from {{ ref('seed_axes') }}
    where is_stratum

),

groups_of_axes as (

    select
        axes.country,
        axes.ordinal,
        axes.axis_count,
        axes.axis || '=' || strata.group_name as level,
        strata.group_name,
        strata.population_share
    from axes
    inner join strata
        on
            axes.country = strata.country
            and axes.axis = strata.axis

),

crossed as (

    select
        country,
        country || '/' || level as cell_key,
        group_name as label,
        population_share as expected_share,
        ordinal,
        axis_count
    from groups_of_axes
    where ordinal = 1
    union all
    select
        crossed.country,
        crossed.cell_key || '/' || following.level as cell_key,
        crossed.label || ', ' || following.group_name as label,
        crossed.expected_share * following.population_share as expected_share,
        following.ordinal,
        crossed.axis_count
    from crossed
    inner join groups_of_axes as following
        on
            crossed.country = following.country
            and crossed.ordinal + 1 = following.ordinal

)

select
    country,
    cell_key,
    label,
    expected_share
from crossed
where ordinal = axis_count
