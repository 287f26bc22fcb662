with

gaps as (

    select * from {{ source('ratings', 'benchmark_gap') }}

)

select
    benchmark,
    metric,
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_count,
    unmatched_count,
    unscored_count,
    error_count,
    first_party_count,
    correlation_micro / 1e6 as correlation,
    correlation_lo_micro / 1e6 as correlation_lo,
    correlation_hi_micro / 1e6 as correlation_hi,
    p_value_micro / 1e6 as p_value,
    p_adjusted_micro / 1e6 as p_adjusted,
    people_reliability_micro / 1e6 as people_reliability,
    benchmark_reliability_micro / 1e6 as benchmark_reliability,
    true_correlation_micro / 1e6 as true_correlation,
    true_correlation_lo_micro / 1e6 as true_correlation_lo,
    true_correlation_hi_micro / 1e6 as true_correlation_hi,
    own_correlation_lo_micro / 1e6 as own_correlation_lo,
    own_correlation_hi_micro / 1e6 as own_correlation_hi
from gaps
