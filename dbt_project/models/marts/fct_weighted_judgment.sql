{{ config(materialized='view') }}

with

counts as (

    select * from {{ ref('int_participants__counted') }}

),

weights as (

    select * from {{ ref('int_strata__weighted') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

shared as (

    select
        weights.weighting,
        weights.stratum_id,
        weights.participant_key,
        counts.*,
        cast(weights.weight_micro as double) / counts.verdict_count as verdict_weight_micro
    from counts
    inner join weights on counts.participant_number = weights.participant_number

),

final as (

    select
        shared.weighting,
        shared.stratum_id,
        dimensions.name as dimension,
        shared.participant_key,
        shared.participant_number,
        first_models.name as model_a,
        second_models.name as model_b,
        cast(round(shared.verdict_weight_micro * shared.win_a_count) as bigint)
            as win_a_weight_micro,
        cast(round(shared.verdict_weight_micro * shared.win_b_count) as bigint)
            as win_b_weight_micro,
        cast(
            round(
                shared.verdict_weight_micro
                * (shared.battle_count - shared.win_a_count - shared.win_b_count)
            ) as bigint
        ) as tie_weight_micro,
        cast(shared.battle_count as bigint) as battle_count
    from shared
    inner join dimensions on shared.dimension_number = dimensions.number
    inner join models as first_models on shared.model_a_number = first_models.number
    inner join models as second_models on shared.model_b_number = second_models.number

)

select * from final
