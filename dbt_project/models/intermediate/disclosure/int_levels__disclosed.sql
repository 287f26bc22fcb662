with

margins as (

    select * from {{ ref('rpt_weighting_margin') }}

),

weightings as (

    select * from {{ ref('int_weightings__disclosed') }}
    where is_disclosed

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

-- Schemes cut the same answers in different places, so that a small level could be had from two
-- of them: only the default scheme's levels are shown.
levels as (

    select
        margins.country,
        margins.scheme,
        margins.variable,
        margins.level,
        margins.participant_count
    from margins
    inner join weightings
        on
            margins.country = weightings.country
            and margins.scheme = weightings.scheme
    inner join schemes
        on
            margins.scheme = schemes.scheme
            and schemes.is_default

),

members as (

    select * from levels
    where participant_count > 0

),

judged as (

    {{ large_enough('members', ['country', 'scheme', 'variable'], 'level', 'participant_count') }}

),

final as (

    select
        levels.country,
        levels.scheme,
        levels.variable,
        levels.level,
        coalesce(judged.is_large_enough, true) as is_disclosed
    from levels
    left join judged
        on
            levels.country = judged.country
            and levels.scheme = judged.scheme
            and levels.variable = judged.variable
            and levels.level = judged.level

)

select * from final
