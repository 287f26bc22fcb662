with

rates as (

    select * from {{ source('ratings', 'label_rate') }}

)

select
    weighting,
    stratum_id,
    judge,
    judge_version,
    rubric,
    rubric_version,
    label,
    model_id,
    answer_count,
    finding_count,
    participant_count,
    effective_count_micro / 1e6 as effective_count,
    naive_share_micro / 1e6 as naive_share,
    naive_share_lo_micro / 1e6 as naive_share_lo,
    naive_share_hi_micro / 1e6 as naive_share_hi,
    corrected_share_micro / 1e6 as corrected_share,
    corrected_share_lo_micro / 1e6 as corrected_share_lo,
    corrected_share_hi_micro / 1e6 as corrected_share_hi,
    powered_share_micro / 1e6 as powered_share,
    powered_share_lo_micro / 1e6 as powered_share_lo,
    powered_share_hi_micro / 1e6 as powered_share_hi,
    not_corrected_reason,
    not_powered_reason,
    error_basis,
    human_count
from rates
