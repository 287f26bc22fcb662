{#- Levels of joint variables, whose level is the levels of their parts. -#}
with

single as (

    select * from {{ ref('int_profiles__levelled') }}

),

joint_parts as (

    select * from {{ ref('seed_joint_parts') }}

),

joint_cells as (

    select
        country,
        variable,
        {{ joint_level() }} as level
    from {{ ref('seed_joint_targets') }}

),

crossed as (

    select
        single.profile_number,
        single.country,
        joint_parts.variable,
        {{ joined_text('single.level', ' / ', 'joint_parts.part') }} as level,
        bool_and(single.is_recognised) as is_recognised
    from single
    inner join joint_parts
        on
            single.country = joint_parts.country
            and single.variable = joint_parts.part_variable
    group by single.profile_number, single.country, joint_parts.variable

),

-- Whoever has a part that is unknown or has no target is in no cell of a joint table.
joint as (

    select
        crossed.profile_number,
        crossed.country,
        crossed.variable,
        coalesce(joint_cells.level, 'unknown') as level,
        crossed.is_recognised
    from crossed
    left join joint_cells
        on
            crossed.country = joint_cells.country
            and crossed.variable = joint_cells.variable
            and crossed.level = joint_cells.level

)

select * from joint
