with

weights as (

    select * from {{ ref('int_profiles__weighted') }}

),

levels as (

    select * from {{ ref('int_profile_levels') }}

),

collapsed as (

    select * from {{ ref('int_levels__collapsed') }}

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

axes as (

    select * from {{ ref('seed_axes') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

-- What a scheme weights to, and every axis whether it does or not.
reported as (

    select
        scheme,
        country,
        variable
    from margins
    union
    select
        schemes.scheme,
        axes.country,
        axes.variable
    from axes
    cross join schemes

),

summed as (

    select
        weights.scheme,
        levels.country,
        levels.variable,
        levels.level,
        sum(weights.participant_count) as participant_count,
        sum(weights.participant_count * weights.weight_micro) as weight_micro
    from weights
    inner join levels on weights.profile_number = levels.profile_number
    inner join reported
        on
            weights.scheme = reported.scheme
            and levels.country = reported.country
            and levels.variable = reported.variable
    group by weights.scheme, levels.country, levels.variable, levels.level

),

weighted as (

    select
        reported.scheme,
        reported.country,
        reported.variable,
        collapsed.level,
        collapsed.raked_level,
        collapsed.census_share,
        margins.variable is not null as is_raked,
        coalesce(summed.participant_count, 0) as participant_count,
        coalesce(summed.weight_micro, 0) as weight_micro
    from reported
    inner join collapsed
        on
            reported.country = collapsed.country
            and reported.variable = collapsed.variable
    left join summed
        on
            reported.scheme = summed.scheme
            and reported.country = summed.country
            and reported.variable = summed.variable
            and collapsed.level = summed.level
    left join margins
        on
            reported.scheme = margins.scheme
            and reported.country = margins.country
            and reported.variable = margins.variable

)

select * from weighted
