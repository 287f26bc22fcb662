{#-
A weight has mean one within its country; a pool gives each country its share of all. A pool of which
one country alone judged is that country, and says no more; one of which a country judged and has no
weights is not made, as it would be of the others alone.
-#}
with

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

pools as (

    select * from {{ ref('seed_pools') }}

),

stratified as (

    select * from {{ ref('int_participants__stratified') }}

),

strata as (

    select * from {{ ref('seed_strata') }}

),

chosen as (

    select
        weights.participant_key,
        participants.participant_number,
        weights.country,
        weights.scheme,
        weights.weight_micro
    from weights
    inner join {{ ref('int_weighting_schemes__chosen') }} as schemes
        on weights.scheme = schemes.scheme
    inner join {{ ref('int_participants__with_verdicts') }} as participants
        on weights.participant_key = participants.participant_key
    where schemes.is_default

),

judging as (

    select distinct
        pools.pool,
        participants.country
    from {{ ref('int_participants__with_verdicts') }} as participants
    inner join pools on participants.country = pools.country

),

countries as (

    select
        pools.pool,
        pools.country,
        chosen.scheme,
        cast(max(pools.share) as double) as share,
        cast(sum(chosen.weight_micro) as bigint) as country_weight_micro,
        cast(sum(count(*)) over (partition by pools.pool, chosen.scheme) as bigint)
            as participant_count,
        count(*) over (partition by pools.pool, chosen.scheme) as weighted_count
    from chosen
    inner join pools on chosen.country = pools.country
    group by pools.pool, pools.country, chosen.scheme

),

judging_counts as (

    select
        pool,
        count(*) as judging_count
    from judging
    group by pool

),

pooled as (

    select
        countries.*,
        countries.scheme || case
            when judging_counts.judging_count > 1 then '_' || countries.pool else ''
        end as weighting
    from countries
    inner join judging_counts on countries.pool = judging_counts.pool
    where countries.weighted_count = judging_counts.judging_count

),

of_countries as (

    select
        scheme as weighting,
        country as stratum_id,
        participant_key,
        participant_number,
        weight_micro
    from chosen
    where country is not null

),

of_groups as (

    select
        chosen.scheme as weighting,
        strata.stratum_id,
        chosen.participant_key,
        chosen.participant_number,
        chosen.weight_micro
    from chosen
    inner join stratified on chosen.participant_key = stratified.participant_key
    inner join strata
        on
            stratified.country = strata.country
            and stratified.axis = strata.axis
            and stratified.group_name = strata.group_name

),

of_pools as (

    select distinct
        pooled.weighting,
        'all' as stratum_id,
        chosen.participant_key,
        chosen.participant_number,
        cast(
            round(
                chosen.weight_micro
                * (
                    case when pooled.weighted_count > 1 then pooled.share else 1 end
                    * 1000000 * pooled.participant_count
                )
                / pooled.country_weight_micro
            ) as bigint
        ) as weight_micro
    from chosen
    inner join pooled
        on
            chosen.country = pooled.country
            and chosen.scheme = pooled.scheme

),

weightings as (

    select distinct
        pool,
        scheme,
        weighting
    from pooled

),

-- Of no country of the pool: they keep the share of the sample.
of_the_rest as (

    select distinct
        weightings.weighting,
        'all' as stratum_id,
        chosen.participant_key,
        chosen.participant_number,
        chosen.weight_micro
    from chosen
    inner join weightings on chosen.scheme = weightings.scheme
    left join pools
        on
            weightings.pool = pools.pool
            and chosen.country = pools.country
    where pools.pool is null

)

select * from of_countries
union all
select * from of_groups
union all
select * from of_pools
union all
select * from of_the_rest
