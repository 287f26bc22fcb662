{#- Every cell of a country, one group of the census on each axis, with every way to say it: each
group by its name, or not at all. Axis by axis, in the order in which a cell's key names them. -#}
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
        axes.axis,
        axes.axis || '=' || strata.group_name as level,
        strata.group_name,
        strata.population_share
    from axes
    inner join strata
        on
            axes.country = strata.country
            and axes.axis = strata.axis

),

-- As somebody names a group: by its name, or not at all.
named as (

    select
        *,
        level as said_level,
        cast(1 as double) as unsaid_share
    from groups_of_axes
    union all
    select
        *,
        axis || '=unknown' as said_level,
        population_share as unsaid_share
    from groups_of_axes

),

crossed as (

    select
        country,
        country || '/' || level as cell_key,
        country || '/' || said_level as said_key,
        group_name as label,
        population_share as expected_share,
        unsaid_share,
        ordinal,
        axis_count
    from named
    where ordinal = 1
    union all
    select
        crossed.country,
        crossed.cell_key || '/' || following.level as cell_key,
        crossed.said_key || '/' || following.said_level as said_key,
        crossed.label || ', ' || following.group_name as label,
        crossed.expected_share * following.population_share as expected_share,
        crossed.unsaid_share * following.unsaid_share as unsaid_share,
        following.ordinal,
        crossed.axis_count
    from crossed
    inner join named as following
        on
            crossed.country = following.country
            and crossed.ordinal + 1 = following.ordinal

)

select
    country,
    cell_key,
    said_key,
    label,
    expected_share,
    unsaid_share,
    axis_count
from crossed
where ordinal = axis_count
