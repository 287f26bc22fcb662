with

strata as (

    select * from {{ ref('dim_stratum') }}

),

disclosed as (

    select * from {{ ref('int_strata__disclosed') }}

),

final as (

    select
        strata.country,
        strata.axis,
        disclosed.dimension,
        min(case when disclosed.is_disclosed then 1 else 0 end) = 1 as is_disclosed
    from disclosed
    inner join strata on disclosed.stratum_id = strata.stratum_id
    where strata.axis is not null
    group by strata.country, strata.axis, disclosed.dimension

)

select * from final
