with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

with_battles as (

    select
        *,
        sum(battle_count) over (
            partition by weighting, stratum_id, dimension, estimator
        ) as battle_side_count
    from ratings

),

neighbours as (

    select
        *,
        lead(model_id) over (
            partition by weighting, stratum_id, dimension, estimator
            order by rank
        ) as next_model_id
    from with_battles
    where tier is not null

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_id,
    cast(rank as integer) as rank,
    next_model_id,
    p_next_micro / 1e6 as p_next,
    p_next_micro <= 50000 as is_apart,
    next_battles_needed as battles_needed,
    cast(
        ceil(2 * next_battles_needed * participant_count / nullif(battle_side_count, 0)) as bigint
    ) as people_needed
from neighbours
where next_model_id is not null
