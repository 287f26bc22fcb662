{#- Sums of whole millionths: exact in any order. -#}
with

weights as (

    select * from {{ ref('int_profiles__weighted') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

default_weights as (

    select
        weights.profile_number,
        weights.weight_micro
    from weights
    inner join schemes on weights.scheme = schemes.scheme
    where schemes.is_default

),

summarised as (

    select
        weights.country,
        weights.scheme,
        sum(weights.participant_count) as participant_count,
        {{ kish_design_effect(
            'cast(weights.weight_micro as decimal(38, 0))', 'weights.participant_count'
        ) }} as design_effect,
        min(weights.weight) as weight_min,
        max(weights.weight) as weight_max,
        sum(case when weights.is_trimmed then weights.participant_count else 0 end)
            as trimmed_count,
        sum(
            weights.participant_count * abs(weights.weight_micro - default_weights.weight_micro)
        ) as difference_micro,
        sum(
            case when default_weights.weight_micro is null then 0 else weights.participant_count end
        )
            as compared_count
    from weights
    left join default_weights on weights.profile_number = default_weights.profile_number
    group by weights.country, weights.scheme

)

select * from summarised
