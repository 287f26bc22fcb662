with

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

pools as (

    select * from {{ ref('seed_pools') }}

),

counted as (

    select
        country,
        scheme,
        count(*) as participant_count
    from weights
    group by country, scheme

),

pooled as (

    select
        pools.pool,
        counted.scheme,
        counted.country,
        counted.participant_count,
        cast(pools.share as decimal(18, 15)) as pool_share
    from counted
    inner join pools on counted.country = pools.country

),

-- A country without participants leaves its share to the others.
scaled as (

    select
        *,
        cast(pool_share as double)
        / cast(sum(pool_share) over (partition by pool, scheme) as double) as population_share,
        cast(participant_count as double)
        / sum(participant_count) over (partition by pool, scheme) as sample_share
    from pooled

),

final as (

    select
        pool,
        scheme,
        country,
        cast(participant_count as bigint) as participant_count,
        population_share,
        sample_share,
        cast(round(population_share / sample_share * 1000000) as bigint) as pool_weight_micro
    from scaled

)

select * from final
