with

strata as (

    select * from {{ ref('dim_stratum') }}

),

disclosed as (

    select * from {{ ref('int_strata__disclosed') }}

),

-- The countries are groups too: of everybody.
groups as (

    select
        stratum_id,
        case when axis is null then 'all' else country end as country,
        coalesce(axis, 'country') as axis
    from strata
    where country is not null

)

select
    groups.country,
    groups.axis,
    disclosed.dimension,
    min(case when disclosed.is_disclosed then 1 else 0 end) = 1 as is_disclosed
from disclosed
inner join groups on disclosed.stratum_id = groups.stratum_id
group by groups.country, groups.axis, disclosed.dimension
