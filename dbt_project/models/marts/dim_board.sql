with

ratings as (

    select distinct
        weighting,
        stratum_id,
        dimension,
        estimator
    from {{ source('ratings', 'rating') }}

),

releases as (

    select * from {{ source('releases', 'release') }}
    where is_latest

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

dimensions as (

    select * from {{ ref('dim_dimension') }}

),

labels as (

    select * from {{ ref('seed_labels') }}

),

pools as (

    select distinct pools.pool
    from {{ ref('seed_pools') }} as pools

),

-- Weightings of one country or group; those of several countries are one of these and a pool.
single as (

    select
        scheme as weighting,
        label
    from {{ ref('seed_weighting_schemes') }}
    union all
    select
        name as weighting,
        label
    from labels
    where kind = 'weighting'
    union all
    select
        'merged_by_' || axis as weighting,
        'Groups by ' || lower(min(label)) || ', put together by the census' as label
    from {{ ref('seed_axes') }}
    group by axis

),

named as (

    select
        weighting,
        label
    from single
    union all
    select
        single.weighting || '_' || pools.pool as weighting,
        single.label || '; ' || coalesce(labels.label, pools.pool) as label
    from single
    cross join pools
    left join labels
        on
            labels.kind = 'pool'
            and pools.pool = labels.name

)

select
    {{ board_id('ratings') }} as board_id,
    releases.release_id,
    {{ is_default('ratings') }} as is_default,
    {{ is_weighted('ratings') }} as is_weighted,
    ratings.weighting,
    coalesce(named.label, ratings.weighting) as weighting_label,
    ratings.stratum_id,
    strata.label as stratum_label,
    strata.country,
    strata.axis,
    strata.group_name,
    ratings.dimension,
    dimensions.label as dimension_label,
    dimensions.short_label,
    ratings.estimator,
    coalesce(labels.label, ratings.estimator) as estimator_label
from ratings
left join releases on releases.is_latest
left join strata on ratings.stratum_id = strata.stratum_id
left join dimensions on ratings.dimension = dimensions.dimension
left join named on ratings.weighting = named.weighting
left join labels
    on
        labels.kind = 'estimator'
        and ratings.estimator = labels.name
