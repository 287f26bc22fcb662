with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

provisional as (

    select * from {{ source('ratings', 'provisional') }}

),

boards as (

    select * from {{ ref('dim_board') }}

),

models as (

    select * from {{ ref('dim_model') }}

),

tournaments as (

    select * from {{ source('ratings', 'tournament') }}

),

-- 1.96 of clustered_sd are half the interval where known people judged a flat board.
sds as (

    select
        ratings.*,
        provisional.provisional_reason,
        ratings.model_sd_micro / 1e6 as model_sd,
        case
            when
                ratings.interval_basis <> 'independent' and ratings.model_sd_micro is not null
                then ratings.skill_sd_micro
        end / 1e6 as clustered_sd,
        ratings.design_effect_micro / 1e6 as variance_ratio
    from ratings
    left join provisional
        on
            ratings.weighting = provisional.weighting
            and ratings.stratum_id = provisional.stratum_id
            and ratings.dimension = provisional.dimension
            and ratings.estimator = provisional.estimator
            and ratings.model_id = provisional.model_id

)

select
    boards.release_id,
    boards.board_id,
    boards.is_default,
    boards.is_weighted,
    sds.stratum_id,
    boards.country,
    boards.axis,
    boards.group_name,
    sds.dimension,
    boards.dimension_label,
    sds.estimator,
    sds.weighting,
    cast(sds.rank as integer) as rank,
    sds.model_id,
    models.display_name,
    models.provider,
    models.is_retired,
    sds.skill_micro / 1e6 as skill,
    sds.skill_sd_micro / 1e6 as skill_sd,
    sds.skill_lo_micro / 1e6 as skill_lo,
    sds.skill_hi_micro / 1e6 as skill_hi,
    sds.p_best_micro / 1e6 as p_best,
    sds.win_share_micro / 1e6 as win_share,
    sds.win_share_lo_micro / 1e6 as win_share_lo,
    sds.win_share_hi_micro / 1e6 as win_share_hi,
    sds.draw_margin_micro / 1e6 as draw_margin,
    sds.effective_participant_count_micro / 1e6 as effective_participant_count,
    sds.merged_sd_ratio_micro / 1e6 as merged_sd_ratio,
    cast(sds.rank_lo as integer) as rank_lo,
    cast(sds.rank_hi as integer) as rank_hi,
    cast(sds.tier as integer) as tier,
    cast(sds.better_than_count as integer) as better_than_count,
    sds.battle_count,
    sds.interval_basis,
    sds.participant_count,
    sds.unattributed_count,
    sds.item_count,
    sds.model_sd,
    sds.clustered_sd,
    sds.variance_ratio,
    sds.is_provisional,
    sds.provisional_reason,
    cast(sds.component as integer) as component,
    cast(sds.component_count as integer) as component_count,
    sds.is_converged,
    tournaments.separation_micro / 1e6 as separation
from sds
inner join boards
    on
        sds.weighting = boards.weighting
        and sds.stratum_id = boards.stratum_id
        and sds.dimension = boards.dimension
        and sds.estimator = boards.estimator
left join models on sds.model_id = models.model_id
left join tournaments
    on
        sds.stratum_id = tournaments.stratum_id
        and sds.dimension = tournaments.dimension
