with

measured as (

    select * from {{ ref('int_strata__measured') }}

),

-- The census share is of the axis' groups alone: somebody in none of them is in no share.
totalled as (

    select
        *,
        sum(heard_count) over (partition by country, axis) as axis_heard_count
    from measured

),

compared as (

    select
        *,
        case when country is not null then heard_count * 1.0 / nullif(axis_heard_count, 0) end
            as heard_share,
        population_share * axis_heard_count - heard_count as short_count
    from totalled

),

final as (

    select
        stratum_id,
        country,
        axis,
        enrolled_count,
        heard_count,
        verdict_count,
        model_count,
        cast(population_share as double) as population_share,
        cast(heard_share as double) as heard_share,
        cast(ceil(greatest(short_count, 0)) as bigint) as short_count
    from compared

)

select * from final
