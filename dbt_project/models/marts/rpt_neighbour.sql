with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

boards as (

    select * from {{ ref('dim_board') }}

),

models as (

    select * from {{ ref('dim_model') }}

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
    boards.board_id,
    boards.is_default,
    boards.is_weighted,
    neighbours.weighting,
    neighbours.stratum_id,
    neighbours.dimension,
    neighbours.estimator,
    neighbours.model_id,
    models.display_name,
    models.provider,
    cast(neighbours.rank as integer) as rank,
    neighbours.next_model_id,
    neighbours.p_next_micro / 1e6 as p_next,
    neighbours.p_next_micro <= 50000 as is_apart,
    neighbours.next_battles_needed as battles_needed,
    cast(
        ceil(
            2 * neighbours.next_battles_needed * neighbours.participant_count
            / nullif(neighbours.battle_side_count, 0)
        ) as bigint
    ) as people_needed
from neighbours
inner join boards
    on
        neighbours.weighting = boards.weighting
        and neighbours.stratum_id = boards.stratum_id
        and neighbours.dimension = boards.dimension
        and neighbours.estimator = boards.estimator
left join models on neighbours.model_id = models.model_id
where neighbours.next_model_id is not null
