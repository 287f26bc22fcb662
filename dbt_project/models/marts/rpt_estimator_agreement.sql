with

agreements as (

    select * from {{ source('ratings', 'agreement') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    kendall_tau_micro / 1e6 as kendall_tau
from agreements
