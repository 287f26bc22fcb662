with

levels as (

    select * from {{ ref('int_participant_levels') }}

),

axes as (

    select * from {{ ref('seed_axes') }}
    where is_stratum

),

stratified as (

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

)

select * from stratified
