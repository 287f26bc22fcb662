with

covariances as (

    select * from {{ source('ratings', 'skill_covariance') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_a,
    model_b,
    covariance_micro / 1e6 as covariance
from covariances
