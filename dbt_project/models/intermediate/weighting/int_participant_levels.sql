{{ config(materialized='view') }}

with

profiled as (

    select * from {{ ref('int_participants__profiled') }}

),

levels as (

    select * from {{ ref('int_profile_levels') }}

),

participant_levels as (

    select
        profiled.participant_key,
        levels.country,
        levels.variable,
        levels.level,
        levels.is_recognised
    from profiled
    inner join levels on profiled.profile_number = levels.profile_number

)

select * from participant_levels
