with

agreements as (

    select * from {{ source('ratings', 'agreement') }}

),

boards as (

    select * from {{ ref('dim_board') }}

)

select
    boards.board_id,
    boards.is_default,
    boards.is_weighted,
    agreements.weighting,
    agreements.stratum_id,
    agreements.dimension,
    agreements.estimator,
    agreements.kendall_tau_micro / 1e6 as kendall_tau
from agreements
inner join boards
    on
        agreements.weighting = boards.weighting
        and agreements.stratum_id = boards.stratum_id
        and agreements.dimension = boards.dimension
        and agreements.estimator = boards.estimator
