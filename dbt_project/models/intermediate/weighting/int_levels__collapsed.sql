{#-
A level with too few people joins the one its rule names, step by step; a level without a target
never does.
-#}
with

profiles as (

    select * from {{ ref('int_profiles__with_verdicts') }}

),

profile_levels as (

    select * from {{ ref('int_profile_levels') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

rules as (

    select * from {{ ref('seed_collapse_rules') }}

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
        profile_levels.country,
        profile_levels.variable,
        profile_levels.level,
        sum(profiles.participant_count) as participant_count
    from profile_levels
    inner join profiles on profile_levels.profile_number = profiles.profile_number
    group by profile_levels.country, profile_levels.variable, profile_levels.level

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

-- Shares are decimals: their sums do not depend on order.
levels as (

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

),

step_0 as (

    select
        *,
        level as raked_level
    from levels

),

{%- for step in range(1, collapse_steps_max() + 1) %}

    step_{{ step }}_judged as (

        select
            previous.*,
            case when previous.census_share is not null then rules.collapsed_into end
                as joins_level,
            rules.participant_count_min,
            sum(previous.participant_count) over (
                partition by previous.country, previous.variable, previous.raked_level
            ) as raked_count
        from step_{{ step - 1 }} as previous
        left join rules
            on
                previous.coding = rules.coding
                and previous.raked_level = rules.level
                and rules.step = {{ step }}

    ),

    step_{{ step }} as (

        select
            country,
            variable,
            coding,
            level,
            census_share,
            participant_count,
            case
                when
                    joins_level is not null and raked_count < participant_count_min
                    then joins_level
                else raked_level
            end as raked_level
        from step_{{ step }}_judged

    ),
{%- endfor %}

collapsed as (

    select * from step_{{ collapse_steps_max() }}

)

select * from collapsed
