with

best_of_n as (

    select * from {{ source('ratings', 'best_of_n') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    provider,
    family,
    model_id,
    public_id,
    tested_count,
    variant_count,
    sibling_count,
    rank_among_tested,
    score_micro / 1e6 as score,
    score_lo_micro / 1e6 as score_lo,
    score_hi_micro / 1e6 as score_hi,
    own_noise_micro / 1e6 as own_noise,
    equal_inflation_micro / 1e6 as equal_inflation,
    p_equal_micro / 1e6 as p_equal,
    p_siblings_equal_micro / 1e6 as p_siblings_equal,
    spread_micro / 1e6 as spread,
    spread_hi_micro / 1e6 as spread_hi,
    shrunk_micro / 1e6 as shrunk,
    shrunk_lo_micro / 1e6 as shrunk_lo,
    shrunk_hi_micro / 1e6 as shrunk_hi,
    expected_inflation_micro / 1e6 as expected_inflation,
    expected_inflation_lo_micro / 1e6 as expected_inflation_lo,
    expected_inflation_hi_micro / 1e6 as expected_inflation_hi,
    p_not_too_high_micro / 1e6 as p_not_too_high,
    corrected_micro / 1e6 as corrected,
    corrected_lo_micro / 1e6 as corrected_lo,
    corrected_hi_micro / 1e6 as corrected_hi,
    inflation_micro / 1e6 as inflation,
    inflation_lo_micro / 1e6 as inflation_lo,
    inflation_hi_micro / 1e6 as inflation_hi,
    fresh_score_micro / 1e6 as fresh_score,
    fresh_score_lo_micro / 1e6 as fresh_score_lo,
    fresh_score_hi_micro / 1e6 as fresh_score_hi,
    fall_micro / 1e6 as fall,
    fall_lo_micro / 1e6 as fall_lo,
    fall_hi_micro / 1e6 as fall_hi,
    p_fall_micro / 1e6 as p_fall,
    not_estimated_reason,
    not_observed_reason
from best_of_n
