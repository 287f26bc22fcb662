{#-
A level that nobody is in, or that few people are in who would have to weigh more than the default
scheme allows, joins the one its rule names, step by step; a level without a target never does. Many
people weigh as much as they may: that comes nearer to the census than weighting them as others.
-#}
{%- set few = 30 -%}
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

bounds as (

    select max(trim_hi) as weight_max from {{ ref('seed_weighting_schemes') }}
    where is_default

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
        coalesce(observed.participant_count, 0) as participant_count,
        -- What a participant may weigh, in census share.
        cast(bounds.weight_max as double)
        * sum(targets.census_share) over (partition by known.country, known.variable)
        / nullif(
            sum(case when targets.census_share is not null then observed.participant_count end)
                over (partition by known.country, known.variable),
            0
        ) as participant_share_max
    from known
    cross join bounds
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
            sum(previous.participant_count) over (
                partition by previous.country, previous.variable, previous.raked_level
            ) as raked_count,
            sum(previous.census_share) over (
                partition by previous.country, previous.variable, previous.raked_level
            ) as raked_share
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
            participant_share_max,
            case
                when
                    joins_level is not null
                    and (
                        raked_count = 0
                        or (
                            raked_count < {{ few }}
                            and raked_share > participant_share_max * raked_count
                        )
                    )
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
