with

checks as (

    select * from {{ source('ratings', 'model_fit') }}

)

select
    stratum_id,
    dimension,
    check_name,
    statistic_micro / 1e6 as statistic,
    expected_micro / 1e6 as expected,
    statistic_lo_micro / 1e6 as statistic_lo,
    statistic_hi_micro / 1e6 as statistic_hi,
    p_value_micro / 1e6 as p_value,
    battle_count,
    participant_count,
    both_ways_share_micro / 1e6 as both_ways_share,
    is_misfit
from checks
