with

profiled as (

    select * from {{ ref('int_participants__profiled') }}

),

profile_levels as (

    select * from {{ ref('int_profile_levels') }}

),

axes as (

    select * from {{ ref('seed_axes') }}
    where is_stratum

),

levels as (

    select
        profiled.participant_key,
        profile_levels.country,
        profile_levels.variable,
        profile_levels.level,
        profile_levels.is_recognised
    from profiled
    inner join profile_levels on profiled.profile_number = profile_levels.profile_number

)

select
    levels.participant_key,
    levels.country,
    axes.axis,
    axes.sort_order,
    levels.level as group_name
from levels
inner join axes
    on
        levels.country = axes.country
        and levels.variable = axes.variable
