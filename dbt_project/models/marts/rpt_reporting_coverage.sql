{#-
Two reports of one model, benchmark and metric are far apart where they differ by more than a twentieth of
the range of scores, and by more than chance allows: two errors of the largest size known.
-#}
{%- set far, normal_975 = 0.05, 1.959963984540054 -%}

with

reported as (

    select * from {{ ref('int_benchmarks__current') }}

),

models as (

    select * from {{ ref('dim_model') }}

),

ranges as (

    select
        benchmark,
        metric,
        coalesce(max(score_maximum) - min(score_minimum), max(score) - min(score)) as score_range
    from reported
    group by benchmark, metric

),

spreads as (

    select
        benchmark,
        metric,
        model_id,
        count(*) as report_count,
        count(distinct coalesce(reported_by, '')) as reporter_count,
        max(score) - min(score) as score_spread,
        sqrt(2) * {{ normal_975 }} * coalesce(max(score_error), 0) as spread_by_chance
    from reported
    group by benchmark, metric, model_id

)

select
    reported.event_id as report_id,
    reported.benchmark,
    reported.metric,
    reported.model_id,
    reported.reported_name,
    coalesce(models.display_name, reported.model_id) as display_name,
    coalesce(models.has_battled, false) as is_compared,
    reported.is_chosen,
    reported.score,
    reported.score_error,
    reported.error_basis,
    reported.better,
    reported.better <> reported.better_score as is_turned,
    reported.harness,
    reported.harness_version,
    reported.settings,
    reported.reported_by,
    reported.relationship,
    reported.url,
    reported.source,
    reported.reported_at,
    spreads.report_count,
    spreads.reporter_count,
    spreads.score_spread,
    spreads.score_spread / nullif(ranges.score_range, 0) as spread_share,
    coalesce(
        spreads.score_spread / nullif(ranges.score_range, 0) > {{ far }}
        and spreads.score_spread > spreads.spread_by_chance,
        false
    ) as is_far_apart
from reported
inner join ranges
    on
        reported.benchmark = ranges.benchmark
        and reported.metric = ranges.metric
inner join spreads
    on
        reported.benchmark = spreads.benchmark
        and reported.metric = spreads.metric
        and reported.model_id = spreads.model_id
left join models on reported.model_id = models.model_id
