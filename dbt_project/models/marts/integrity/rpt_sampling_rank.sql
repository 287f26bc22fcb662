{#- Spearman's correlation between how often a model was drawn, against its chances, and its skill;
interval by Fisher's z with the variance of Bonett and Wright (2000). -#}
with

rates as (

    select * from {{ ref('rpt_sampling_rate') }}
    where scope = 'model'

),

ratings as (

    select * from {{ source('ratings', 'rating') }}
    where
        estimator = 'trueskill_ep'
        and weighting = 'none'
        and stratum_id = 'all'

),

pairs as (

    select
        rates.voters,
        rates.basis,
        ratings.dimension,
        rates.sampling_ratio,
        rates.sampling_ratio_sd * rates.sampling_ratio_sd as variance,
        rank()
            over (
                partition by rates.voters, rates.basis, ratings.dimension
                order by rates.sampling_ratio
            )
        + (
            count(*) over (
                partition by rates.voters, rates.basis, ratings.dimension, rates.sampling_ratio
            ) - 1
        ) / 2.0 as ratio_rank,
        rank()
            over (
                partition by rates.voters, rates.basis, ratings.dimension
                order by ratings.skill_micro
            )
        + (
            count(*) over (
                partition by rates.voters, rates.basis, ratings.dimension, ratings.skill_micro
            ) - 1
        ) / 2.0 as skill_rank,
        count(*) over (partition by rates.voters, rates.basis, ratings.dimension) as model_count
    from rates
    inner join ratings on rates.member = ratings.model_id

),

halves as (

    select
        voters,
        basis,
        dimension,
        count(*) as model_count,
        round(corr(ratio_rank, skill_rank), 6) as rank_correlation,
        avg(case when skill_rank > (model_count + 1) / 2.0 then sampling_ratio end) as better_ratio,
        avg(case when skill_rank < (model_count + 1) / 2.0 then sampling_ratio end) as worse_ratio,
        sum(case when skill_rank > (model_count + 1) / 2.0 then variance end)
        / power(count(case when skill_rank > (model_count + 1) / 2.0 then 1 end), 2)
            as better_variance,
        sum(case when skill_rank < (model_count + 1) / 2.0 then variance end)
        / power(count(case when skill_rank < (model_count + 1) / 2.0 then 1 end), 2)
            as worse_variance
    from pairs
    group by voters, basis, dimension

),

-- A battle draws two models at once: twice the variance that models drawn one by one would have.
correlated as (

    select
        *,
        better_ratio / nullif(worse_ratio, 0) as better_half_ratio,
        sqrt(
            2 * (better_variance + power(better_ratio / nullif(worse_ratio, 0), 2) * worse_variance)
        ) / nullif(worse_ratio, 0) as better_half_ratio_sd
    from halves

),

transformed as (

    select
        *,
        case
            when model_count > 3 and abs(rank_correlation) < 1
                then 0.5 * ln((1 + rank_correlation) / (1 - rank_correlation))
        end as z,
        case
            when model_count > 3
                then
                    1.959964
                    * sqrt((1 + rank_correlation * rank_correlation / 2) / (model_count - 3))
        end as margin
    from correlated

)

select
    voters,
    basis,
    dimension,
    model_count,
    rank_correlation,
    round(1 - 2 / (exp(2 * (z - margin)) + 1), 6) as rank_correlation_lo,
    round(1 - 2 / (exp(2 * (z + margin)) + 1), 6) as rank_correlation_hi,
    round(better_half_ratio, 6) as better_half_ratio,
    round(better_half_ratio_sd, 6) as better_half_ratio_sd
from transformed
