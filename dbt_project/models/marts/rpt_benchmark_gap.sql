with

gaps as (

    select * from {{ source('ratings', 'benchmark_gap') }}

),

directions as (

    select
        benchmark,
        metric,
        min(better_score) as better
    from {{ ref('int_benchmarks__current') }}
    group by benchmark, metric

)

select
    gaps.benchmark,
    gaps.metric,
    gaps.weighting,
    gaps.stratum_id,
    gaps.dimension,
    gaps.estimator,
    directions.better,
    gaps.model_count,
    gaps.unmatched_count,
    gaps.unscored_count,
    gaps.error_count,
    gaps.first_party_count,
    gaps.not_compared_reason,
    gaps.correlation_micro / 1e6 as correlation,
    gaps.correlation_lo_micro / 1e6 as correlation_lo,
    gaps.correlation_hi_micro / 1e6 as correlation_hi,
    gaps.p_value_micro / 1e6 as p_value,
    gaps.p_adjusted_micro / 1e6 as p_adjusted,
    gaps.people_reliability_micro / 1e6 as people_reliability,
    gaps.benchmark_reliability_micro / 1e6 as benchmark_reliability,
    gaps.true_correlation_micro / 1e6 as true_correlation,
    gaps.true_correlation_lo_micro / 1e6 as true_correlation_lo,
    gaps.true_correlation_hi_micro / 1e6 as true_correlation_hi,
    gaps.own_correlation_lo_micro / 1e6 as own_correlation_lo,
    gaps.own_correlation_hi_micro / 1e6 as own_correlation_hi
from gaps
inner join directions
    on
        gaps.benchmark = directions.benchmark
        and gaps.metric = directions.metric
