with

releases as (

    select * from {{ source('releases', 'release') }}

),

-- Secondary boards have no history: they are for those who ask how much a choice matters.
ratings as (

    select * from {{ source('releases', 'released_rating') }}
    where
        estimator = 'trueskill_ep'
        and not ({{ is_secondary('weighting') }})

),

models as (

    select * from {{ ref('dim_model') }}

),

placed as (

    select
        ratings.*,
        releases.is_latest,
        releases.log_position,
        releases.recorded_at,
        {{ board_id('ratings') }} as board_id,
        {{ is_default('ratings', ['release_id']) }} as is_default,
        {{ is_weighted('ratings') }} as is_weighted,
        lag(ratings.rank) over earlier as rank_before,
        lag(ratings.win_share_micro) over earlier as win_share_micro_before
    from ratings
    inner join releases on ratings.release_id = releases.release_id
    window
        earlier as (
            partition by
                ratings.weighting, ratings.stratum_id, ratings.dimension, ratings.estimator,
                ratings.model_id
            order by releases.log_position
        )

)

select
    placed.release_id,
    placed.is_latest,
    placed.log_position,
    placed.recorded_at,
    placed.board_id,
    placed.is_default,
    placed.is_weighted,
    placed.weighting,
    placed.stratum_id,
    placed.dimension,
    placed.estimator,
    placed.model_id,
    models.display_name,
    models.provider,
    cast(placed.rank as integer) as rank,
    cast(placed.rank_lo as integer) as rank_lo,
    cast(placed.rank_hi as integer) as rank_hi,
    cast(placed.tier as integer) as tier,
    placed.is_provisional,
    placed.win_share_micro / 1e6 as win_share,
    placed.win_share_lo_micro / 1e6 as win_share_lo,
    placed.win_share_hi_micro / 1e6 as win_share_hi,
    placed.skill_micro / 1e6 as skill,
    placed.skill_lo_micro / 1e6 as skill_lo,
    placed.skill_hi_micro / 1e6 as skill_hi,
    placed.battle_count,
    cast(placed.rank_before - placed.rank as integer) as rank_change,
    (placed.win_share_micro - placed.win_share_micro_before) / 1e6 as win_share_change
from placed
left join models on placed.model_id = models.model_id
