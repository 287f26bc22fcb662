with

judging as (

    select * from {{ ref('int_participants__judging') }}

),

levels as (

    select * from {{ ref('int_participant_levels') }}

),

collapsed as (

    select * from {{ ref('int_levels__collapsed') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}
    where method <> 'none'

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

raked_levels as (

    select
        margins.scheme,
        margins.country,
        margins.margin,
        margins.variable,
        collapsed.level,
        collapsed.raked_level,
        collapsed.census_share is null and schemes.untargeted = 'left_out' as is_left_out
    from margins
    inner join schemes on margins.scheme = schemes.scheme
    inner join collapsed
        on
            margins.country = collapsed.country
            and margins.variable = collapsed.variable

),

judged_levels as (

    select levels.*
    from levels
    inner join judging on levels.participant_key = judging.participant_key

),

left_out as (

    select distinct
        raked_levels.scheme,
        judged_levels.participant_key
    from judged_levels
    inner join raked_levels
        on
            judged_levels.country = raked_levels.country
            and judged_levels.variable = raked_levels.variable
            and judged_levels.level = raked_levels.level
    where raked_levels.is_left_out

),

margined as (

    select
        judged_levels.participant_key,
        raked_levels.country,
        raked_levels.scheme,
        raked_levels.margin,
        raked_levels.variable,
        raked_levels.raked_level
    from judged_levels
    inner join raked_levels
        on
            judged_levels.country = raked_levels.country
            and judged_levels.variable = raked_levels.variable
            and judged_levels.level = raked_levels.level
    left join left_out
        on
            judged_levels.participant_key = left_out.participant_key
            and raked_levels.scheme = left_out.scheme
    where left_out.participant_key is null

)

select * from margined
