with

ratings as (

    select * from {{ source('ratings', 'rating') }}

),

provisional as (

    select * from {{ source('ratings', 'provisional') }}

),

final as (

    select
        ratings.*,
        provisional.provisional_reason
    from ratings
    left join provisional
        on
            ratings.weighting = provisional.weighting
            and ratings.stratum_id = provisional.stratum_id
            and ratings.dimension = provisional.dimension
            and ratings.estimator = provisional.estimator
            and ratings.model_id = provisional.model_id

)

select * from final
