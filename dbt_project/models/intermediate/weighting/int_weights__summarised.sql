{#- Sums of whole millionths: exact in any order. -#}
with

weights as (

    select * from {{ ref('int_participants__weighted') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

default_weights as (

    select
        weights.participant_key,
        weights.weight_micro
    from weights
    inner join schemes on weights.scheme = schemes.scheme
    where schemes.is_default

),

summarised as (

    select
        weights.country,
        weights.scheme,
        count(*) as participant_count,
        {{ kish_design_effect('cast(weights.weight_micro as decimal(38, 0))') }} as design_effect,
        min(weights.weight) as weight_min,
        max(weights.weight) as weight_max,
        sum(case when weights.is_trimmed then 1 else 0 end) as trimmed_count,
        sum(abs(weights.weight_micro - default_weights.weight_micro)) as difference_micro,
        count(default_weights.weight_micro) as compared_count
    from weights
    left join default_weights on weights.participant_key = default_weights.participant_key
    group by weights.country, weights.scheme

)

select * from summarised
