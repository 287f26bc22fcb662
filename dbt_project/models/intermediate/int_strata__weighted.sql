{#- A weight has mean one within its country; a pool gives each country its share of all. -#}
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
    inner join {{ ref('seed_weighting_schemes') }} as schemes on weights.scheme = schemes.scheme
    inner join {{ ref('int_participants__with_verdicts') }} as participants
        on weights.participant_key = participants.participant_key
    where schemes.is_default

),

countries as (

    select
        country,
        scheme,
        cast(sum(weight_micro) as bigint) as country_weight_micro,
        cast(sum(count(*)) over (partition by scheme) as bigint) as participant_count
    from chosen
    group by country, scheme

),

of_countries as (

    select
        scheme as weighting,
        country as stratum_id,
        participant_key,
        participant_number,
        weight_micro
    from chosen

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

    select
        chosen.scheme || '_' || pools.pool as weighting,
        'all' as stratum_id,
        chosen.participant_key,
        chosen.participant_number,
        cast(
            round(
                chosen.weight_micro
                * (pools.share * 1000000 * countries.participant_count)
                / countries.country_weight_micro
            ) as bigint
        ) as weight_micro
    from chosen
    inner join pools on chosen.country = pools.country
    inner join countries
        on chosen.country = countries.country and chosen.scheme = countries.scheme

)

select * from of_countries
union all
select * from of_groups
union all
select * from of_pools
