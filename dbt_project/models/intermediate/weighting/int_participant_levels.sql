with

answers as (

    select * from {{ ref('int_participants__answered') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

levelled as (

    select * from {{ ref('int_answers__levelled') }}

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

single as (

    select
        answers.participant_key,
        answers.country,
        variables.variable,
        coalesce(levelled.level, 'unknown') as level,
        answers.answer is null or levelled.level is not null as is_recognised
    from answers
    inner join variables
        on
            answers.country = variables.country
            and answers.question = variables.question
    left join levelled
        on
            variables.country = levelled.country
            and variables.variable = levelled.variable
            and answers.answer = levelled.answer

),

crossed as (

    select
        single.participant_key,
        single.country,
        joint_parts.variable,
        {{ joined_text('single.level', ' / ', 'joint_parts.part') }} as level,
        bool_and(single.is_recognised) as is_recognised
    from single
    inner join joint_parts
        on
            single.country = joint_parts.country
            and single.variable = joint_parts.part_variable
    group by single.participant_key, single.country, joint_parts.variable

),

-- Whoever has a part that is unknown or has no target is in no cell of a joint table.
joint as (

    select
        crossed.participant_key,
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

),

united as (

    select * from single
    union all
    select * from joint

)

select * from united
