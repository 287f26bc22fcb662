with

strata as (

    select * from {{ ref('dim_stratum') }}

),

people as (

    select * from {{ ref('int_strata__with_verdicts') }}

),

-- A family is what adds up to the same people: the countries, or the groups of an axis.
members as (

    select
        people.stratum_id,
        people.dimension,
        people.heard_count,
        {{ family_of('strata') }}
    from people
    inner join strata on people.stratum_id = strata.stratum_id
    where people.heard_count > 0 and people.stratum_id <> 'all'

),

judged as (

    {{ large_enough('members', ['parent_id', 'axis', 'dimension'], 'stratum_id', 'heard_count') }}

)

select
    people.stratum_id,
    people.dimension,
    people.heard_count,
    people.heard_count = 0
    or (
        everybody.heard_count >= {{ disclosed_people_min() }}
        and coalesce(countries.is_large_enough, true)
        and coalesce(judged.is_large_enough, true)
    ) as is_disclosed,
    coalesce(judged.is_family_mixed, true) as is_family_mixed
from people
left join judged
    on
        people.stratum_id = judged.stratum_id
        and people.dimension = judged.dimension
left join judged as countries
    on
        judged.parent_id = countries.stratum_id
        and judged.dimension = countries.dimension
left join people as everybody
    on
        people.dimension = everybody.dimension
        and everybody.stratum_id = 'all'
