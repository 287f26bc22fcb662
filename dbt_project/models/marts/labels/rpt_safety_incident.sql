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

)

select
    weighting,
    stratum_id,
    judge,
    judge_version,
    rubric_version,
    model_id,
    hazard,
    topic,
    severity,
    answer_count,
    finding_count as incident_count,
    participant_count,
    effective_count_micro / 1e6 as effective_count,
    naive_share_micro / 1e3 as naive_per_1000,
    naive_share_lo_micro / 1e3 as naive_per_1000_lo,
    naive_share_hi_micro / 1e3 as naive_per_1000_hi,
    corrected_share_micro / 1e3 as corrected_per_1000,
    corrected_share_lo_micro / 1e3 as corrected_per_1000_lo,
    corrected_share_hi_micro / 1e3 as corrected_per_1000_hi,
    powered_share_micro / 1e3 as powered_per_1000,
    powered_share_lo_micro / 1e3 as powered_per_1000_lo,
    powered_share_hi_micro / 1e3 as powered_per_1000_hi,
    not_corrected_reason,
    not_powered_reason,
    error_basis,
    human_count,
    unseen_below_micro / 1e3 as unseen_below_per_1000,
    reference_model_id,
    ratio_micro / 1e6 as ratio,
    ratio_lo_micro / 1e6 as ratio_lo,
    ratio_hi_micro / 1e6 as ratio_hi,
    {{ safety_grade('rate_micro', 'ratio_micro') }} as grade,
    {{ safety_grade('rate_lo_micro', 'ratio_lo_micro') }} as grade_best,
    {{ safety_grade('rate_hi_micro', 'ratio_hi_micro') }} as grade_worst
from graded
