with

strata as (

    select * from {{ ref('dim_stratum') }}

),

heard as (

    select * from {{ ref('int_strata__with_verdicts') }}

),

-- A family is what adds up to the same people: the countries, or the groups of an axis.
members as (

    select
        heard.stratum_id,
        heard.dimension,
        heard.heard_count,
        case when strata.axis is null then 'all' else strata.country end as parent_id,
        coalesce(strata.axis, '') as axis
    from heard
    inner join strata on heard.stratum_id = strata.stratum_id
    where heard.heard_count > 0 and heard.stratum_id <> 'all'

),

judged as (

    {{ large_enough('members', ['parent_id', 'axis', 'dimension'], 'stratum_id', 'heard_count') }}

)

select
    heard.stratum_id,
    heard.dimension,
    heard.heard_count,
    heard.heard_count = 0
    or (
        everybody.heard_count >= {{ disclosed_people_min() }}
        and coalesce(countries.is_large_enough, true)
        and coalesce(judged.is_large_enough, true)
    ) as is_disclosed,
    coalesce(judged.is_family_mixed, true) as is_family_mixed
from heard
left join judged
    on
        heard.stratum_id = judged.stratum_id
        and heard.dimension = judged.dimension
left join judged as countries
    on
        judged.parent_id = countries.stratum_id
        and judged.dimension = countries.dimension
left join heard as everybody
    on
        heard.dimension = everybody.dimension
        and everybody.stratum_id = 'all'
