with

profiles as (

    select * from {{ ref('int_profiles__with_verdicts') }}

),

levels as (

    select * from {{ ref('int_profile_levels') }}

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

all_margined as (

    select
        profiles.profile_number,
        profiles.participant_count,
        raked_levels.*
    from profiles
    inner join levels on profiles.profile_number = levels.profile_number
    inner join raked_levels
        on
            levels.country = raked_levels.country
            and levels.variable = raked_levels.variable
            and levels.level = raked_levels.level

),

left_out as (

    select distinct
        scheme,
        profile_number
    from all_margined
    where is_left_out

),

stopped as (

    select distinct
        scheme,
        country
    from {{ ref('int_weightings__stopped') }}

)

select
    all_margined.profile_number,
    all_margined.participant_count,
    all_margined.country,
    all_margined.scheme,
    all_margined.margin,
    all_margined.variable,
    all_margined.raked_level
from all_margined
left join left_out
    on
        all_margined.profile_number = left_out.profile_number
        and all_margined.scheme = left_out.scheme
left join stopped
    on
        all_margined.scheme = stopped.scheme
        and all_margined.country = stopped.country
where left_out.profile_number is null and stopped.scheme is null
