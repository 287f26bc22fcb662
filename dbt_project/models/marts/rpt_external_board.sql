{#-
Somebody else's board beside ours, on the models that both have. The scales differ, so ranks are
compared: each board is ranked anew among these models, and a rank's range follows from the intervals. A
model is surely below another where its whole interval is.

Of each board and category the last publication counts, of the source that published it first: else any
source could say what another's board is. A board without intervals has no ranges.
-#}
{%- set everybody, overall, estimator = 'all', 'overall', 'trueskill_ep' -%}

with

published as (

    select * from {{ ref('stg_events__external_boards_published') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

leaderboard as (

    select * from {{ ref('rpt_leaderboard') }}
    where
        stratum_id = '{{ everybody }}'
        and dimension = '{{ overall }}'
        and estimator = '{{ estimator }}'

),

standing as (

    select
        published.board,
        published.category,
        published.source,
        published.occurred_at as published_at,
        published.position,
        published.rank as published_rank,
        published.rating,
        published.rating_lo,
        published.rating_hi,
        published.vote_count,
        {{ canonical_model('published', 'model_id') }} as model_id
    from published
    left join revised on published.event_id = revised.event_id
    {{ join_canonical_model('published', 'model_id') }}
    where revised.retracted_position is null

),

owned as (

    select
        *,
        first_value(source) over (
            partition by board, category
            order by position asc
        ) as standing_source
    from standing

),

dated as (

    select
        *,
        max(published_at) over (partition by board, category) as last_published_at,
        row_number() over (
            partition by board, category, published_at, model_id
            order by rating desc, position asc
        ) as place
    from owned
    where source is not distinct from standing_source

),

-- Several rows of one day that mean one model: its best.
latest as (

    select *
    from dated
    where place = 1 and (published_at = last_published_at or last_published_at is null)

),

common as (

    select
        latest.board,
        latest.category,
        latest.published_at,
        latest.published_rank,
        latest.rating,
        latest.rating_lo,
        latest.rating_hi,
        latest.vote_count,
        latest.rating_lo is not null and latest.rating_hi is not null as has_interval,
        leaderboard.weighting,
        leaderboard.model_id,
        leaderboard.display_name,
        leaderboard.skill,
        leaderboard.skill_lo,
        leaderboard.skill_hi
    from latest
    inner join leaderboard on latest.model_id = leaderboard.model_id

),

compared as (

    select
        one.board,
        one.category,
        one.weighting,
        one.model_id,
        count(*) as model_count,
        1 + count(*) filter (where other.rating > one.rating) as their_rank,
        1 + count(*) filter (where other.rating_lo > one.rating_hi) as their_rank_lo,
        count(*) - count(*) filter (where other.rating_hi < one.rating_lo) as their_rank_hi,
        1 + count(*) filter (where other.skill > one.skill) as our_rank,
        1 + count(*) filter (where other.skill_lo > one.skill_hi) as our_rank_lo,
        count(*) - count(*) filter (where other.skill_hi < one.skill_lo) as our_rank_hi
    from common as one
    inner join common as other
        on
            one.board = other.board
            and one.category = other.category
            and one.weighting = other.weighting
    group by one.board, one.category, one.weighting, one.model_id

)

select
    common.board,
    common.category,
    common.weighting,
    common.model_id,
    common.display_name,
    common.published_at,
    common.published_rank,
    common.rating,
    common.rating_lo,
    common.rating_hi,
    common.vote_count,
    compared.model_count,
    compared.their_rank,
    compared.our_rank,
    compared.our_rank_lo,
    compared.our_rank_hi,
    case when common.has_interval then compared.their_rank_lo end as their_rank_lo,
    case when common.has_interval then compared.their_rank_hi end as their_rank_hi,
    case
        when common.has_interval
            then
                compared.their_rank_lo <= compared.our_rank_hi
                and compared.our_rank_lo <= compared.their_rank_hi
    end as is_overlapping
from common
inner join compared
    on
        common.board = compared.board
        and common.category = compared.category
        and common.weighting = compared.weighting
        and common.model_id = compared.model_id
