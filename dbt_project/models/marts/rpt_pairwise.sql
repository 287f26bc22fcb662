with

pairs as (

    select * from {{ source('ratings', 'pairwise') }}

),

boards as (

    select * from {{ ref('dim_board') }}

),

counts as (

    select * from {{ ref('fct_tournament_count') }}

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    boards.board_id,
    boards.is_default,
    boards.is_weighted,
    pairs.weighting,
    pairs.stratum_id,
    pairs.dimension,
    pairs.estimator,
    pairs.model_a,
    pairs.model_b,
    models_a.display_name as display_name_a,
    models_b.display_name as display_name_b,
    pairs.skill_difference_micro / 1e6 as skill_difference,
    pairs.skill_difference_sd_micro / 1e6 as skill_difference_sd,
    pairs.p_better_micro / 1e6 as p_better,
    pairs.p_win_micro / 1e6 as p_win,
    pairs.p_tie_micro / 1e6 as p_tie,
    pairs.win_share_micro / 1e6 as win_share,
    pairs.win_share_lo_micro / 1e6 as win_share_lo,
    pairs.win_share_hi_micro / 1e6 as win_share_hi,
    pairs.battle_count,
    case
        when pairs.model_a = counts.model_a then counts.win_a_count else counts.win_b_count
    end as win_count,
    case
        when pairs.model_a = counts.model_a then counts.win_b_count else counts.win_a_count
    end as loss_count,
    counts.tie_count + counts.both_bad_count as tie_count
from pairs
inner join boards
    on
        pairs.weighting = boards.weighting
        and pairs.stratum_id = boards.stratum_id
        and pairs.dimension = boards.dimension
        and pairs.estimator = boards.estimator
left join counts
    on
        pairs.stratum_id = counts.stratum_id
        and pairs.dimension = counts.dimension
        and least(pairs.model_a, pairs.model_b) = counts.model_a
        and greatest(pairs.model_a, pairs.model_b) = counts.model_b
left join models as models_a on pairs.model_a = models_a.model_id
left join models as models_b on pairs.model_b = models_b.model_id
