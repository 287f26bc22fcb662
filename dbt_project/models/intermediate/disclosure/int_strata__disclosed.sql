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
    where people.stratum_id <> 'all'

),

peopled as (

    select * from members
    where heard_count > 0

),

judged as (

    {{ large_enough('peopled', ['parent_id', 'axis', 'dimension'], 'stratum_id', 'heard_count') }}

),

-- That nobody is in a group is shown where no other is hidden: else somebody is in each hidden one.
families as (

    select
        parent_id,
        axis,
        dimension,
        min(case when is_large_enough then 1 else 0 end) = 1 as is_shown_whole
    from judged
    group by parent_id, axis, dimension

),

of_families as (

    select
        members.stratum_id,
        members.dimension,
        members.parent_id,
        coalesce(judged.is_large_enough, families.is_shown_whole, true) as is_large_enough,
        coalesce(judged.is_family_mixed, true) as is_family_mixed
    from members
    left join judged
        on
            members.stratum_id = judged.stratum_id
            and members.dimension = judged.dimension
    left join families
        on
            members.parent_id = families.parent_id
            and members.axis = families.axis
            and members.dimension = families.dimension

)

select
    people.stratum_id,
    people.dimension,
    people.heard_count,
    coalesce(
        everybody.heard_count = 0
        or everybody.heard_count >= {{ disclosed_people_min() }},
        false
    )
    and coalesce(countries.is_large_enough, true)
    and coalesce(own.is_large_enough, true) as is_disclosed,
    coalesce(own.is_family_mixed, true) as is_family_mixed
from people
left join people as everybody
    on
        people.dimension = everybody.dimension
        and everybody.stratum_id = 'all'
left join of_families as own
    on
        people.stratum_id = own.stratum_id
        and people.dimension = own.dimension
left join of_families as countries
    on
        own.parent_id = countries.stratum_id
        and own.dimension = countries.dimension
