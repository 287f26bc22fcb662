with

next_battles as (

    select * from {{ source('ratings', 'next_battle') }}

)

select
    board,
    dimension,
    cast(place as integer) as place,
    proposal_id,
    stratum_id,
    model_a,
    model_b,
    expected_gain_micro / 1e6 as expected_gain,
    policy,
    policy_version,
    propensity_micro / 1e6 as propensity,
    is_random
from next_battles
