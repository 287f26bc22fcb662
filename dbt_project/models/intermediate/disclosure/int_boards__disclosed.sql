with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

disclosed as (

    select * from {{ ref('int_strata__disclosed') }}

),

-- Nobody is known of whom votes without a name, or tallies of votes, could tell.
boards as (

    select
        weighting,
        stratum_id,
        dimension,
        estimator,
        weighting like 'merged!_by!_%' escape '!'
        or estimator = 'trueskill_hierarchical' as is_sum_of_groups,
        min(nullif(participant_count, 0)) as participant_count
    from ratings
    group by weighting, stratum_id, dimension, estimator

),

-- A board that is a known sum of groups gives away a hidden group that is the only one in it.
mixed as (

    select
        coalesce(strata.country, 'all') as country,
        disclosed.dimension,
        min(case when disclosed.is_family_mixed then 1 else 0 end) as is_mixed
    from disclosed
    inner join strata on disclosed.stratum_id = strata.stratum_id
    group by coalesce(strata.country, 'all'), disclosed.dimension

),

everywhere as (

    select
        dimension,
        min(is_mixed) as is_mixed
    from mixed
    group by dimension

)

select
    boards.weighting,
    boards.stratum_id,
    boards.dimension,
    boards.estimator,
    boards.is_sum_of_groups,
    disclosed.is_disclosed
    and coalesce(boards.participant_count >= {{ disclosed_people_min() }}, true)
    and (
        not boards.is_sum_of_groups
        or case when strata.country is null then everywhere.is_mixed else mixed.is_mixed end = 1
    ) as is_disclosed
from boards
inner join strata on boards.stratum_id = strata.stratum_id
inner join disclosed
    on
        boards.stratum_id = disclosed.stratum_id
        and boards.dimension = disclosed.dimension
inner join mixed
    on
        coalesce(strata.country, 'all') = mixed.country
        and boards.dimension = mixed.dimension
inner join everywhere on boards.dimension = everywhere.dimension
