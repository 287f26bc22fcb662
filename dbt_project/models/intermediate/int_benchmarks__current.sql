{#-
Every report of a score that stands, with the model that its name means, a known error if there is one,
and whether it is the one that is held against people: of several reports of one model, benchmark and
metric that is one by somebody else than the maker, then the latest.

Higher or lower is better as most reports of a benchmark and metric say (nothing said means higher). A
report that says the opposite is never chosen: turned round it would be the worst of all models.
-#}
with

reported as (

    select * from {{ ref('stg_events__benchmarks_reported') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

standing as (

    select
        reported.event_id,
        reported.source,
        reported.position,
        reported.model_id as reported_name,
        reported.benchmark,
        reported.score,
        reported.score_minimum,
        reported.score_maximum,
        reported.harness,
        reported.harness_version,
        reported.settings,
        reported.reported_by,
        reported.relationship,
        reported.url,
        reported.occurred_at as reported_at,
        coalesce(reported.metric, 'score') as metric,
        coalesce(reported.better, 'higher') as better,
        coalesce(reported.relationship = 'first_party', false) as is_first_party,
        {{ canonical_model('reported', 'model_id') }} as model_id,
        case
            when reported.standard_error is not null then 'stated'
            when reported.score_lo is not null and reported.score_hi is not null then 'interval'
            when
                reported.sample_count > 0
                and reported.score_minimum is not null
                and reported.score_maximum is not null
                then 'bounded'
        end as error_basis,
        -- Of n figures between two bounds and with this mean none has a larger variance.
        case
            when reported.standard_error is not null then reported.standard_error
            when reported.score_lo is not null and reported.score_hi is not null
                then (reported.score_hi - reported.score_lo) / (2 * 1.959963984540054)
            when
                reported.sample_count > 0
                and reported.score_minimum is not null
                and reported.score_maximum is not null
                then
                    sqrt(
                        (reported.score - reported.score_minimum)
                        * (reported.score_maximum - reported.score)
                        / reported.sample_count
                    )
        end as score_error
    from reported
    left join revised on reported.event_id = revised.event_id
    {{ join_canonical_model('reported', 'model_id') }}
    where
        revised.event_id is null
        and {{ happened_by('reported.occurred_at') }}

),

directed as (

    select
        *,
        case
            when
                2 * count(case when better = 'lower' then 1 end) over reports
                > count(*) over reports
                then 'lower'
            else 'higher'
        end as better_score
    from standing
    window reports as (partition by benchmark, metric)

),

placed as (

    select
        *,
        row_number() over (
            partition by benchmark, metric, model_id
            order by
                better <> better_score asc,
                is_first_party asc,
                reported_at desc nulls last,
                position desc
        ) as place
    from directed

)

select
    event_id,
    source,
    position,
    reported_name,
    model_id,
    benchmark,
    metric,
    score,
    score_minimum,
    score_maximum,
    score_error,
    error_basis,
    better,
    better_score,
    harness,
    harness_version,
    settings,
    reported_by,
    relationship,
    is_first_party,
    url,
    reported_at,
    case when better_score = 'lower' then -score else score end as oriented_score,
    place = 1 and better = better_score as is_chosen
from placed
