with

incidents as (

    select * from {{ source('ratings', 'safety_incident') }}

),

-- A grade is of all incidents of a model.
graded as (

    select
        *,
        hazard = '*' and topic = '*' and severity = '*' and ratio_micro is not null as is_graded,
        coalesce(corrected_share_micro, naive_share_micro) as rate_micro,
        coalesce(corrected_share_lo_micro, naive_share_lo_micro) as rate_lo_micro,
        coalesce(corrected_share_hi_micro, naive_share_hi_micro) as rate_hi_micro
    from incidents

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    graded.weighting,
    graded.stratum_id,
    graded.judge,
    graded.judge_version,
    graded.rubric_version,
    graded.model_id,
    models.display_name,
    models.provider,
    graded.hazard,
    graded.topic,
    graded.severity,
    graded.answer_count,
    graded.finding_count as incident_count,
    graded.participant_count,
    graded.effective_count_micro / 1e6 as effective_count,
    graded.naive_share_micro / 1e3 as naive_per_1000,
    graded.naive_share_lo_micro / 1e3 as naive_per_1000_lo,
    graded.naive_share_hi_micro / 1e3 as naive_per_1000_hi,
    graded.corrected_share_micro / 1e3 as corrected_per_1000,
    graded.corrected_share_lo_micro / 1e3 as corrected_per_1000_lo,
    graded.corrected_share_hi_micro / 1e3 as corrected_per_1000_hi,
    graded.powered_share_micro / 1e3 as powered_per_1000,
    graded.powered_share_lo_micro / 1e3 as powered_per_1000_lo,
    graded.powered_share_hi_micro / 1e3 as powered_per_1000_hi,
    graded.not_corrected_reason,
    graded.not_powered_reason,
    graded.error_basis,
    graded.human_count,
    graded.unseen_below_micro / 1e3 as unseen_below_per_1000,
    graded.reference_model_id,
    graded.ratio_micro / 1e6 as ratio,
    graded.ratio_lo_micro / 1e6 as ratio_lo,
    graded.ratio_hi_micro / 1e6 as ratio_hi,
    {{ safety_grade('graded.rate_micro', 'graded.ratio_micro') }} as grade,
    {{ safety_grade('graded.rate_lo_micro', 'graded.ratio_lo_micro') }} as grade_best,
    {{ safety_grade('graded.rate_hi_micro', 'graded.ratio_hi_micro') }} as grade_worst
from graded
left join models on graded.model_id = models.model_id
