{#- Months of a model add up to its verdicts on everybody's board. A month needs enough people, and
so does one of those that stay behind of a model. Where nobody is known, nobody can be told. -#}
with

months as (

    select * from {{ ref('rpt_votes_by_month') }}

),

known as (

    select distinct dimension from months
    where participant_count > 0

),

judged as (

    select
        dimension,
        model_id,
        month,
        participant_count
    from months
    where dimension in (select known.dimension from known)

),

large as (

    {{ large_enough(
        'judged', ['dimension', 'model_id'], 'month', 'participant_count', is_overlapping=true
    ) }}

),

strata as (

    select * from {{ ref('int_strata__disclosed') }}

)

select
    months.stratum_id,
    months.dimension,
    months.model_id,
    months.month,
    coalesce(large.is_large_enough, true)
    and coalesce(strata.is_disclosed, false) as is_disclosed
from months
left join strata
    on
        months.stratum_id = strata.stratum_id
        and months.dimension = strata.dimension
left join large
    on
        months.dimension = large.dimension
        and months.model_id = large.model_id
        and months.month = large.month
