{#- Shares are decimals: their sums do not depend on order. -#}
with

profiles as (

    select * from {{ ref('int_profiles__judging') }}

),

levels as (

    select * from {{ ref('int_profile_levels') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

targets as (

    select
        country,
        variable,
        level,
        cast(share as decimal(18, 15)) as census_share
    from {{ ref('seed_targets') }}
    union all
    select
        country,
        variable,
        {{ joint_level() }} as level,
        cast(share as decimal(18, 15)) as census_share
    from {{ ref('seed_joint_targets') }}

),

observed as (

    select
        levels.country,
        levels.variable,
        levels.level,
        sum(profiles.participant_count) as participant_count
    from levels
    inner join profiles on levels.profile_number = profiles.profile_number
    group by levels.country, levels.variable, levels.level

),

observed_variables as (

    select distinct
        country,
        variable
    from observed

),

-- Levels with a target, met or not, and levels met without one.
known as (

    select
        targets.country,
        targets.variable,
        targets.level
    from targets
    inner join observed_variables
        on
            targets.country = observed_variables.country
            and targets.variable = observed_variables.variable
    union
    select
        country,
        variable,
        level
    from observed

),

counted as (

    select
        known.country,
        known.variable,
        -- Rules for cells of a joint table go by the name of the table.
        coalesce(variables.coding, known.variable) as coding,
        known.level,
        targets.census_share,
        coalesce(observed.participant_count, 0) as participant_count
    from known
    left join targets
        on
            known.country = targets.country
            and known.variable = targets.variable
            and known.level = targets.level
    left join observed
        on
            known.country = observed.country
            and known.variable = observed.variable
            and known.level = observed.level
    left join variables
        on
            known.country = variables.country
            and known.variable = variables.variable

)

select * from counted
