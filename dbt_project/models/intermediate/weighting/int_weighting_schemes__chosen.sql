{#-
A scheme that weights to something nobody told, in any country, would claim what it does not do: the
one it falls back on is the default then.
-#}
with

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

profiles as (

    select * from {{ ref('int_profiles__with_verdicts') }}

),

profile_levels as (

    select * from {{ ref('int_profile_levels') }}

),

told as (

    select distinct variables.question
    from profile_levels
    inner join profiles on profile_levels.profile_number = profiles.profile_number
    inner join variables
        on
            profile_levels.country = variables.country
            and profile_levels.variable = variables.variable
    -- A wording that no seed explains is an answer all the same.
    where profile_levels.level <> 'unknown' or not profile_levels.is_recognised

),

untold as (

    select distinct margins.scheme
    from margins
    inner join variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable
    left join told on variables.question = told.question
    where told.question is null

),

defaults as (

    select
        coalesce(
            case when untold.scheme is not null then schemes.fallback end, schemes.scheme
        ) as scheme
    from schemes
    left join untold on schemes.scheme = untold.scheme
    where schemes.is_default

)

select
    schemes.scheme,
    schemes.label,
    schemes.method,
    schemes.untargeted,
    coalesce(schemes.unplaced, 'left_out') as unplaced,
    schemes.trim_lo,
    schemes.trim_hi,
    defaults.scheme is not null as is_default,
    schemes.sort_order,
    schemes.description
from schemes
left join defaults on schemes.scheme = defaults.scheme
