{#- Axes, margins, parts of joint tables, levels without a target name variables that exist. -#}
with

variables as (

    select
        country,
        variable
    from {{ ref('seed_variables') }}

),

joint_variables as (

    select distinct
        country,
        variable
    from {{ ref('seed_joint_targets') }}

),

single_named as (

    select
        'seed_axes' as named_in,
        country,
        variable
    from {{ ref('seed_axes') }}
    union all
    select
        'seed_joint_parts' as named_in,
        country,
        part_variable as variable
    from {{ ref('seed_joint_parts') }}
    union all
    select
        'seed_untargeted_levels' as named_in,
        country,
        variable
    from {{ ref('seed_untargeted_levels') }}

),

named as (

    select
        single_named.named_in,
        single_named.country,
        single_named.variable
    from single_named
    left join variables
        on
            single_named.country = variables.country
            and single_named.variable = variables.variable
    where variables.variable is null
    union all
    select
        'seed_weighting_margins' as named_in,
        margins.country,
        margins.variable
    from {{ ref('seed_weighting_margins') }} as margins
    left join variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable
    left join joint_variables
        on
            margins.country = joint_variables.country
            and margins.variable = joint_variables.variable
    where variables.variable is null and joint_variables.variable is null

)

select * from named
