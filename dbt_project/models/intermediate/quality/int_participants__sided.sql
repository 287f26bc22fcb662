{{ config(materialized='view') }}
{#- How much each participant pulls on the bias of a dimension: their residuals' sum. Verdicts
without a participant are of one person per battle. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

pairs as (

    select * from {{ ref('int_pairs__sided') }}
    where abs(side_sum) < battle_count

),

dimensions as (

    select * from {{ ref('int_dimensions__sided') }}

),

sided as (

    select
        dimension,
        coalesce(participant_key, battle_key) as cluster_id,
        least(model_a, model_b) as first_model_id,
        greatest(model_a, model_b) as second_model_id,
        case when model_a < model_b then 1 else -1 end as side,
        case outcome when 'a' then 1 when 'b' then -1 else 0 end as preference
    from battles

),

residuals as (

    select
        sided.dimension,
        sided.cluster_id,
        1 - sided.side * cast(pairs.side_sum as double) / pairs.battle_count as leverage,
        sided.preference - dimensions.bias - sided.side
        * (pairs.sided_preference_sum - dimensions.bias * pairs.side_sum)
        / pairs.battle_count as residual
    from sided
    inner join pairs
        on
            sided.dimension = pairs.dimension
            and sided.first_model_id = pairs.first_model_id
            and sided.second_model_id = pairs.second_model_id
    inner join dimensions on sided.dimension = dimensions.dimension

),

summed as (

    select
        dimension,
        cluster_id,
        cast(sum(cast(round(leverage * residual * 1000000) as bigint)) as bigint) as score_micro
    from residuals
    group by dimension, cluster_id

)

select * from summed
