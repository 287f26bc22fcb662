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

levels as (

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

)

select * from levels
