with

quality as (

    select * from {{ source('ratings', 'label_quality') }}

)

select
    judge,
    judge_version,
    rubric,
    rubric_version,
    label,
    stratum_id,
    model_id,
    label_count,
    left_out_count,
    prompt_count,
    human_count,
    human_finding_count,
    sensitivity_micro / 1e6 as sensitivity,
    sensitivity_lo_micro / 1e6 as sensitivity_lo,
    sensitivity_hi_micro / 1e6 as sensitivity_hi,
    specificity_micro / 1e6 as specificity,
    specificity_lo_micro / 1e6 as specificity_lo,
    specificity_hi_micro / 1e6 as specificity_hi,
    cohen_kappa_micro / 1e6 as cohen_kappa,
    krippendorff_alpha_micro / 1e6 as krippendorff_alpha,
    coalesce(
        human_count >= 30
        and least(human_finding_count, human_count - human_finding_count) >= 5
        and sensitivity_micro + specificity_micro > 1000000
        and prompt_count <= 1,
        false
    ) as is_enough
from quality
