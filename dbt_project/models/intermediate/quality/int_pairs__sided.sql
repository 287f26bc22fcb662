{#- Outcome 1 for the left, -1 for the right, 0 for a tie; side 1 where the pair's first model is
on the left, else -1. Whole numbers, so that sums do not depend on order. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

sided as (

    select
        dimension,
        least(model_a, model_b) as first_model_id,
        greatest(model_a, model_b) as second_model_id,
        case when model_a < model_b then 1 else -1 end as side,
        case outcome when 'a' then 1 when 'b' then -1 else 0 end as preference
    from battles

),

counted as (

    select
        dimension,
        first_model_id,
        second_model_id,
        count(*) as battle_count,
        cast(sum(side) as bigint) as side_sum,
        cast(sum(preference) as bigint) as preference_sum,
        cast(sum(side * preference) as bigint) as sided_preference_sum
    from sided
    group by dimension, first_model_id, second_model_id

)

select * from counted
