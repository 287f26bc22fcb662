with

rates as (

    select * from {{ ref('rpt_label_rate') }}
    where rubric = 'sycophancy'

)

select
    weighting,
    stratum_id,
    judge,
    judge_version,
    rubric_version,
    label,
    model_id,
    answer_count,
    participant_count,
    effective_count,
    naive_share,
    naive_share_lo,
    naive_share_hi,
    corrected_share,
    corrected_share_lo,
    corrected_share_hi,
    not_corrected_reason,
    error_basis,
    human_count
from rates
