with

dimension_structure as (

    select * from {{ source('ratings', 'dimension_structure') }}

)

select
    weighting,
    stratum_id,
    dimension,
    other_dimension,
    model_count,
    raw_correlation_micro / 1e6 as raw_correlation,
    raw_correlation_lo_micro / 1e6 as raw_correlation_lo,
    raw_correlation_hi_micro / 1e6 as raw_correlation_hi,
    correlation_micro / 1e6 as correlation,
    correlation_lo_micro / 1e6 as correlation_lo,
    correlation_hi_micro / 1e6 as correlation_hi,
    verdict_correlation_micro / 1e6 as verdict_correlation,
    verdict_correlation_lo_micro / 1e6 as verdict_correlation_lo,
    verdict_correlation_hi_micro / 1e6 as verdict_correlation_hi,
    battle_count
from dimension_structure
