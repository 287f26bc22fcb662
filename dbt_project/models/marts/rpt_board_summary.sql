with

leaderboard as (

    select * from {{ ref('rpt_leaderboard') }}

),

people as (

    select * from {{ ref('int_strata__with_verdicts') }}

),

tournaments as (

    select * from {{ ref('rpt_tournament') }}

),

-- Of the unweighted trueskill_ep board; every board of the same people stands on the same verdicts.
misfits as (

    select
        stratum_id,
        dimension,
        {{ joined_text('check_name', ', ', 'check_name') }} as misfits
    from {{ ref('rpt_model_fit') }}
    where is_misfit
    group by stratum_id, dimension

),

summarised as (

    select
        weighting,
        stratum_id,
        dimension,
        estimator,
        min(board_id) as board_id,
        bool_and(is_default) as is_default,
        bool_and(is_weighted) as is_weighted,
        count(*) as model_count,
        sum(case when rank_lo = 1 then 1 else 0 end) as leader_count,
        sum(case when is_provisional then 1 else 0 end) as provisional_count,
        max(component_count) as component_count,
        max(effective_participant_count) as effective_participant_count,
        max(variance_ratio) as variance_ratio,
        max(interval_basis) as interval_basis,
        max(unattributed_count) as unattributed_count,
        max(item_count) as item_count,
        median(skill_sd) as skill_sd_median,
        -- A verdict is one of each of two models.
        cast(sum(battle_count) / 2 as bigint) as battle_count,
        max(participant_count) as participant_count
    from leaderboard
    group by weighting, stratum_id, dimension, estimator

),

boards as (

    select distinct
        weighting,
        stratum_id,
        dimension,
        estimator
    from leaderboard

),

-- Models of the unweighted board that another of the same people is without.
missing as (

    select
        boards.weighting,
        boards.stratum_id,
        boards.dimension,
        boards.estimator,
        {{ joined_text('every_model.model_id', ', ', 'every_model.model_id') }} as models_left_out
    from boards
    inner join leaderboard as every_model
        on
            boards.stratum_id = every_model.stratum_id
            and boards.dimension = every_model.dimension
            and every_model.weighting = 'none'
            and every_model.estimator = 'trueskill_ep'
    left join leaderboard as present
        on
            boards.weighting = present.weighting
            and boards.stratum_id = present.stratum_id
            and boards.dimension = present.dimension
            and boards.estimator = present.estimator
            and every_model.model_id = present.model_id
    where present.model_id is null
    group by boards.weighting, boards.stratum_id, boards.dimension, boards.estimator

)

select
    summarised.board_id,
    summarised.is_default,
    summarised.is_weighted,
    summarised.weighting,
    summarised.stratum_id,
    summarised.dimension,
    summarised.estimator,
    summarised.model_count,
    cast(summarised.leader_count as bigint) as leader_count,
    cast(summarised.provisional_count as bigint) as provisional_count,
    summarised.component_count,
    summarised.battle_count,
    greatest(tournaments.battle_count - summarised.battle_count, 0) as battle_left_out_count,
    missing.models_left_out,
    cast(coalesce(summarised.participant_count, people.heard_count) as bigint) as heard_count,
    summarised.effective_participant_count,
    coalesce(summarised.effective_participant_count < {{ effective_people_min() }}, false)
        as has_few_people,
    summarised.variance_ratio,
    summarised.interval_basis,
    summarised.unattributed_count,
    summarised.item_count,
    summarised.skill_sd_median,
    misfits.misfits
from summarised
left join tournaments
    on
        summarised.stratum_id = tournaments.stratum_id
        and summarised.dimension = tournaments.dimension
left join people
    on
        summarised.stratum_id = people.stratum_id
        and summarised.dimension = people.dimension
left join misfits
    on
        summarised.stratum_id = misfits.stratum_id
        and summarised.dimension = misfits.dimension
left join missing
    on
        summarised.weighting = missing.weighting
        and summarised.stratum_id = missing.stratum_id
        and summarised.dimension = missing.dimension
        and summarised.estimator = missing.estimator
