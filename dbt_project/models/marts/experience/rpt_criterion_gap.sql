with

criterion_gap as (

    select * from {{ source('ratings', 'criterion_gap') }}

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    criterion_gap.weighting,
    criterion_gap.stratum_id,
    criterion_gap.model_id,
    models.display_name,
    models.provider,
    criterion_gap.criterion,
    criterion_gap.against_criterion,
    criterion_gap.gap_micro / 1e6 as gap,
    criterion_gap.gap_lo_micro / 1e6 as gap_lo,
    criterion_gap.gap_hi_micro / 1e6 as gap_hi,
    criterion_gap.gap_together_lo_micro / 1e6 as gap_together_lo,
    criterion_gap.gap_together_hi_micro / 1e6 as gap_together_hi,
    criterion_gap.p_value_micro / 1e6 as p_value,
    criterion_gap.p_adjusted_micro / 1e6 as p_adjusted,
    criterion_gap.family_size,
    criterion_gap.is_different,
    criterion_gap.gap_centred_micro / 1e6 as gap_centred,
    criterion_gap.gap_centred_lo_micro / 1e6 as gap_centred_lo,
    criterion_gap.gap_centred_hi_micro / 1e6 as gap_centred_hi,
    criterion_gap.gap_standardised_micro / 1e6 as gap_standardised,
    criterion_gap.gap_standardised_lo_micro / 1e6 as gap_standardised_lo,
    criterion_gap.gap_standardised_hi_micro / 1e6 as gap_standardised_hi,
    criterion_gap.rating_count,
    criterion_gap.participant_count,
    criterion_gap.effective_participant_count_micro / 1e6 as effective_participant_count
from criterion_gap
left join models on criterion_gap.model_id = models.model_id
