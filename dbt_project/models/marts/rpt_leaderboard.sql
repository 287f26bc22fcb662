{%- set micro_columns = [
    'skill', 'skill_sd', 'skill_lo', 'skill_hi', 'p_best', 'winshare', 'winshare_lo', 'winshare_hi',
    'tie_share', 'draw_margin', 'effective_participant_count', 'merged_sd_ratio'
] -%}

with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

provisional as (

    select * from {{ source('ratings', 'provisional') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

dimensions as (

    select * from {{ ref('dim_dimension') }}

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
        ratings.design_effect_micro / 1e6 as design_effect
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
    sds.stratum_id,
    strata.country,
    strata.axis,
    strata.group_name,
    sds.dimension,
    dimensions.label as dimension_label,
    sds.estimator,
    sds.weighting,
    cast(sds.rank as integer) as rank,
    sds.model_id,
    models.display_name,
    models.provider,
    models.is_retired,
    {%- for column in micro_columns %}
        sds.{{ column }}_micro / 1e6 as {{ column }},
    {%- endfor %}
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
    sds.design_effect,
    sds.is_provisional,
    sds.provisional_reason,
    cast(sds.component as integer) as component,
    cast(sds.component_count as integer) as component_count,
    sds.is_converged,
    tournaments.decisiveness_micro / 1e6 as decisiveness,
    tournaments.separation_micro / 1e6 as separation
from sds
left join strata on sds.stratum_id = strata.stratum_id
left join dimensions on sds.dimension = dimensions.dimension
left join models on sds.model_id = models.model_id
left join tournaments
    on
        sds.stratum_id = tournaments.stratum_id
        and sds.dimension = tournaments.dimension
