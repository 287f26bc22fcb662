with

scores as (

    select * from {{ ref('int_profiles__scored') }}

),

weights as (

    select * from {{ ref('int_profiles__weighted') }}
    where country is not null

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

weighted as (

    select
        weights.country,
        weights.scheme,
        scores.dimension,
        scores.model_id,
        sum(scores.participant_count) as participant_count,
        sum(scores.battle_count) as battle_count,
        cast(
            sum(cast(weights.weight_micro as decimal(38, 0)) * scores.score_nano) as double
        ) / nullif(
            cast(
                sum(cast(weights.weight_micro as decimal(38, 0)) * scores.verdict_nano) as double
            ), 0
        ) as score_mean
    from scores
    inner join weights on scores.profile_number = weights.profile_number
    group by weights.country, weights.scheme, scores.dimension, scores.model_id

),

ranked as (

    select
        weighted.*,
        schemes.is_default,
        rank() over (
            partition by weighted.country, weighted.scheme, weighted.dimension
            order by weighted.score_mean desc
        ) as score_rank
    from weighted
    inner join schemes on weighted.scheme = schemes.scheme

),

final as (

    select
        ranked.country,
        ranked.scheme,
        ranked.dimension,
        ranked.model_id,
        ranked.is_default,
        cast(ranked.participant_count as bigint) as participant_count,
        cast(ranked.battle_count as bigint) as battle_count,
        ranked.score_mean,
        cast(ranked.score_rank as integer) as score_rank,
        ranked.score_mean - defaults.score_mean as default_score_difference,
        cast(ranked.score_rank - defaults.score_rank as integer) as default_rank_difference
    from ranked
    left join ranked as defaults
        on
            ranked.country = defaults.country
            and ranked.dimension = defaults.dimension
            and ranked.model_id = defaults.model_id
            and defaults.is_default

)

select * from final
