with

histories as (

    select * from {{ source('ratings', 'online_history') }}

)

select
    stratum_id,
    dimension,
    battle_number,
    model_id,
    mu_micro / 1e6 as mu,
    sigma_micro / 1e6 as sigma
from histories
