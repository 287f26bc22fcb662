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

clustered as (

    select * from {{ source('ratings', 'clustered_sd') }}

),

-- A flat board has two sds: skill_sd is the sandwich's where it is weighted, else the model's.
sds as (

    select
        ratings.*,
        provisional.provisional_reason,
        coalesce(
            ratings.model_sd_micro,
            case
                when ratings.estimator = 'trueskill_ep' and ratings.weighting = 'none'
                    then ratings.skill_sd_micro
            end
        ) / 1e6 as model_sd,
        case
            when ratings.model_sd_micro is null then clustered.clustered_sd_micro
            else ratings.skill_sd_micro
        end / 1e6 as clustered_sd,
        coalesce(ratings.design_effect_micro, clustered.design_effect_micro) / 1e6
            as design_effect
    from ratings
    left join clustered
        on
            ratings.stratum_id = clustered.stratum_id
            and ratings.dimension = clustered.dimension
            and ratings.model_id = clustered.model_id
            and ratings.estimator = 'trueskill_ep'
            and ratings.weighting = 'none'
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
    sds.battle_count,
    sds.participant_count,
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
