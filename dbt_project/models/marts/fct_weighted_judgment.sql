{{ config(materialized='view') }}

with

counts as (

    select * from {{ ref('fct_participant_count') }}

),

weights as (

    select * from {{ ref('int_strata__weighted') }}

),

shared as (

    select
        weights.weighting,
        weights.stratum_id,
        weights.participant_number,
        counts.*,
        cast(weights.weight_micro as double) / counts.verdict_count as verdict_weight_micro
    from counts
    inner join weights on counts.participant_key = weights.participant_key

)

select
    weighting,
    stratum_id,
    dimension,
    participant_key,
    participant_number,
    model_a,
    model_b,
    cast(round(verdict_weight_micro * win_a_count) as bigint) as win_a_weight_micro,
    cast(round(verdict_weight_micro * win_b_count) as bigint) as win_b_weight_micro,
    cast(round(verdict_weight_micro * (battle_count - win_a_count - win_b_count)) as bigint)
        as tie_weight_micro,
    battle_count
from shared
