with

rates as (

    select * from {{ ref('rpt_label_rate') }}
    where rubric = 'sycophancy'

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    rates.weighting,
    rates.stratum_id,
    rates.judge,
    rates.judge_version,
    rates.rubric_version,
    rates.label,
    rates.model_id,
    models.display_name,
    models.provider,
    rates.answer_count,
    rates.participant_count,
    rates.effective_count,
    rates.naive_share,
    rates.naive_share_lo,
    rates.naive_share_hi,
    rates.corrected_share,
    rates.corrected_share_lo,
    rates.corrected_share_hi,
    rates.not_corrected_reason,
    rates.error_basis,
    rates.human_count
from rates
left join models on rates.model_id = models.model_id
