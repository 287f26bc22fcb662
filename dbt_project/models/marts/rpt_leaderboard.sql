{%- set micro_columns = [
    'skill', 'skill_sd', 'skill_lo', 'skill_hi', 'p_best', 'winshare', 'tie_share', 'draw_margin',
    'model_sd', 'effective_participant_count', 'design_effect', 'merged_sd_ratio'
] -%}

with

ratings as (

    select * from {{ source('ratings', 'rating') }}

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

final as (

    select
        ratings.stratum_id,
        strata.country,
        strata.axis,
        strata.group_name,
        ratings.dimension,
        dimensions.label as dimension_label,
        ratings.estimator,
        ratings.weighting,
        cast(ratings.rank as integer) as rank,
        ratings.model_id,
        models.display_name,
        models.provider,
        models.is_retired,
        {%- for column in micro_columns %}
            ratings.{{ column }}_micro / 1e6 as {{ column }},
        {%- endfor %}
        cast(ratings.rank_lo as integer) as rank_lo,
        cast(ratings.rank_hi as integer) as rank_hi,
        ratings.battle_count,
        ratings.participant_count,
        ratings.is_provisional,
        cast(ratings.component as integer) as component,
        cast(ratings.component_count as integer) as component_count,
        ratings.is_converged,
        tournaments.decisiveness_micro / 1e6 as decisiveness,
        tournaments.separation_micro / 1e6 as separation
    from ratings
    left join strata on ratings.stratum_id = strata.stratum_id
    left join dimensions on ratings.dimension = dimensions.dimension
    left join models on ratings.model_id = models.model_id
    left join tournaments
        on
            ratings.stratum_id = tournaments.stratum_id
            and ratings.dimension = tournaments.dimension

)

select * from final
