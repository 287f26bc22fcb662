with

disclosed as (

    select * from {{ ref('int_strata__disclosed') }}

),

final as (

    select
        stratum_id,
        is_disclosed
    from disclosed
    where dimension = '{{ every_dimension() }}'

)

select * from final
