with

residuals as (

    select * from {{ source('ratings', 'benchmark_residual') }}

),

models as (

    select * from {{ ref('dim_model') }}

),

reported as (

    select * from {{ ref('int_benchmarks__current') }}
    where is_chosen

)

select
    residuals.benchmark,
    residuals.metric,
    residuals.weighting,
    residuals.stratum_id,
    residuals.dimension,
    residuals.estimator,
    residuals.model_id,
    models.display_name,
    reported.score,
    residuals.score_error_micro / 1e6 as score_error,
    residuals.skill_micro / 1e6 as skill,
    residuals.skill_sd_micro / 1e6 as skill_sd,
    residuals.expected_skill_micro / 1e6 as expected_skill,
    residuals.residual_micro / 1e6 as residual,
    residuals.residual_lo_micro / 1e6 as residual_lo,
    residuals.residual_hi_micro / 1e6 as residual_hi,
    residuals.p_adjusted_micro / 1e6 as p_adjusted,
    residuals.better_with,
    residuals.people_rank,
    residuals.paper_rank,
    residuals.rank_gap,
    residuals.rank_gap_lo,
    residuals.rank_gap_hi
from residuals
inner join models on residuals.model_id = models.model_id
inner join reported
    on
        residuals.benchmark = reported.benchmark
        and residuals.metric = reported.metric
        and residuals.model_id = reported.model_id
