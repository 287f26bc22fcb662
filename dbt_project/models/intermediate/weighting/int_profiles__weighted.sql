with

profiles as (

    select * from {{ ref('int_profiles__with_verdicts') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

rakings as (

    select distinct
        raking_id,
        scheme
    from {{ ref('int_margins__targeted') }}

),

allotted as (

    select * from {{ ref('int_profiles__assigned_to_weighting_cells') }}

),

cells as (

    select * from {{ ref('int_weighting_cells__weighted') }}

),

unweighted as (

    select
        profiles.profile_number,
        schemes.scheme,
        cast(1 as double) as weight,
        false as is_trimmed
    from profiles
    cross join schemes
    where schemes.method = 'none'

),

weighted as (

    select
        allotted.profile_number,
        rakings.scheme,
        cells.weight,
        cells.is_trimmed
    from allotted
    inner join rakings on allotted.raking_id = rakings.raking_id
    inner join cells on allotted.cell_number = cells.cell_number

),

-- Whose country has no targets, or is unknown.
unplaced as (

    select
        profiles.profile_number,
        schemes.scheme,
        cast(1 as double) as weight,
        false as is_trimmed
    from profiles
    cross join schemes
    left join weighted
        on
            profiles.profile_number = weighted.profile_number
            and schemes.scheme = weighted.scheme
    where
        schemes.unplaced = 'own_level'
        and schemes.method <> 'none'
        and weighted.profile_number is null

),

united as (

    select * from unweighted
    union all
    select * from weighted
    union all
    select * from unplaced

)

select
    united.profile_number,
    profiles.country,
    united.scheme,
    profiles.participant_count,
    -- Whole millionths: sums of weights do not depend on order.
    cast(round(united.weight * 1000000) as bigint) as weight_micro,
    cast(round(united.weight * 1000000) as double) / 1000000 as weight,
    united.is_trimmed
from united
inner join profiles on united.profile_number = profiles.profile_number
