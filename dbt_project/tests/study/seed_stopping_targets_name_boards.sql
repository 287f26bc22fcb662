{#- No stopping target for a board that no study can have: nothing would ever say it is reached. -#}
with

weighted as (

    select scheme as weighting from {{ ref('seed_weighting_schemes') }}
    where is_default
    union all
    select schemes.scheme || '_' || pools.pool as weighting
    from {{ ref('seed_weighting_schemes') }} as schemes
    cross join {{ ref('seed_pools') }} as pools
    where schemes.is_default

),

merged as (

    select 'census' as weighting
    union all
    select 'census_' || pool as weighting from {{ ref('seed_pools') }}

),

boards as (

    select
        'none' as weighting,
        'trueskill_ep' as estimator
    union all
    select
        weighting,
        'trueskill_ep' as estimator
    from weighted
    union all
    select
        weighting,
        'trueskill_hierarchical' as estimator
    from merged

)

select targets.target
from {{ ref('seed_stopping_targets') }} as targets
left join boards
    on
        coalesce(targets.weighting, boards.weighting) = boards.weighting
        and coalesce(targets.estimator, boards.estimator) = boards.estimator
left join {{ ref('dim_stratum') }} as strata on targets.stratum_id = strata.stratum_id
where
    boards.weighting is null
    or (targets.stratum_id is not null and strata.stratum_id is null)
