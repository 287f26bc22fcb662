with

profiled as (

    select * from {{ ref('int_participants__profiled') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

levelled as (

    select * from {{ ref('int_answers__levelled') }}

),

groups as (

    select * from {{ ref('int_answers__grouped') }}

),

joint_parts as (

    select * from {{ ref('seed_joint_parts') }}

),

profiles as (

    select distinct
        profile_number,
        country,
    {%- for question in weighting_questions() %}
        {{ question }}_group{{ ',' if not loop.last }}
    {%- endfor %}
    from profiled

),

answered as (

    {%- for question in weighting_questions() %}
        {% if not loop.first %}union all{% endif %}
        select
            profile_number,
            country,
            '{{ question }}' as question,
            {{ question }}_group as answer_group
        from profiles
    {%- endfor %}

),

group_levels as (

    select distinct
        groups.answer_group,
        levelled.variable,
        levelled.level
    from groups
    inner join levelled
        on
            groups.country = levelled.country
            and groups.question = levelled.question
            and groups.answer = levelled.answer

),

single as (

    select
        answered.profile_number,
        answered.country,
        variables.variable,
        coalesce(group_levels.level, 'unknown') as level,
        answered.answer_group = 0 or group_levels.level is not null as is_recognised
    from answered
    inner join variables
        on
            answered.country = variables.country
            and answered.question = variables.question
    left join group_levels
        on
            answered.answer_group = group_levels.answer_group
            and variables.variable = group_levels.variable

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

-- Levels of joint variables, whose level is the levels of their parts.
-- A profile with a part that is unknown or has no target is in no cell of a joint table.
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

select * from single
union all
select * from joint
