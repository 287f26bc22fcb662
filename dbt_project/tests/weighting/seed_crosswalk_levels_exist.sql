{#- Every level an answer is sent to has a target, or is known to have none. -#}
with

variables as (

    select
        country,
        variable,
        coding
    from {{ ref('seed_variables') }}
    union
    select
        country,
        variable,
        variable as coding
    from {{ ref('seed_joint_targets') }}

),

levels as (

    select
        country,
        variable,
        level
    from {{ ref('seed_targets') }}
    union
    select
        country,
        variable,
        level
    from {{ ref('seed_untargeted_levels') }}
    union
    select
        country,
        variable,
        {{ joint_level() }} as level
    from {{ ref('seed_joint_targets') }}

),

sent as (

    select
        coding,
        level
    from {{ ref('seed_crosswalk') }}
    union
    select
        coding,
        level
    from {{ ref('seed_age_bands') }}
    union
    select
        coding,
        level
    from {{ ref('seed_collapse_rules') }}
    union
    select
        coding,
        collapsed_into as level
    from {{ ref('seed_collapse_rules') }}

)

select
    sent.coding,
    sent.level,
    variables.country,
    variables.variable
from sent
left join variables on sent.coding = variables.coding
left join levels
    on
        variables.country = levels.country
        and variables.variable = levels.variable
        and sent.level = levels.level
where
    sent.level <> 'unknown'
    -- `any` may only send answers to unknown.
    and (sent.coding = 'any' or variables.coding is null or levels.level is null)
