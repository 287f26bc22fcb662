{#- Gini of n amounts x, ascending: sum of (2 i - n - 1) x over n times their sum. -#}
with

placed as (

    select
        *,
        row_number() over (
            partition by voters, basis, scope
            order by appearance_count, member
        ) as place,
        row_number() over (
            partition by voters, basis, scope
            order by sampling_ratio nulls last, member
        ) as ratio_place,
        row_number() over (
            partition by voters, basis, scope
            order by appearance_count desc, member asc
        ) as place_from_top,
        count(*) over (partition by voters, basis, scope) as member_count
    from {{ ref('rpt_sampling_rate') }}

),

sums as (

    select
        voters,
        basis,
        scope,
        count(*) as member_count,
        sum((2 * place - member_count - 1) * appearance_count) as spread,
        sum(appearance_count) as appearance_count,
        sum((2 * ratio_place - member_count - 1) * sampling_ratio) as ratio_spread,
        sum(sampling_ratio) as sampling_ratio,
        avg(sampling_ratio_sd * sampling_ratio_sd) as ratio_variance,
        max(case when place_from_top = 1 then member end) as largest_member,
        max(case when place_from_top = 1 then appearance_share end) as largest_share,
        max(case when place_from_top = 1 then even_share end) as largest_even_share
    from placed
    group by voters, basis, scope

),

days as (

    select
        voters,
        basis,
        cast(sum(battle_count) as bigint) as battle_count
    from {{ ref('rpt_sampling_rate') }}
    where scope = 'day'
    group by voters, basis

)

select
    sums.voters,
    sums.basis,
    sums.scope,
    sums.member_count,
    days.battle_count,
    round(
        cast(sums.spread as double) / (sums.member_count * sums.appearance_count), 6
    ) as gini,
    round(sums.ratio_spread / (sums.member_count * sums.sampling_ratio), 6) as unexplained_gini,
    -- Of amounts that scatter with one sd about one mean the Gini is sd / (mean sqrt(pi)).
    round(
        sqrt(sums.ratio_variance / pi()) * (sums.member_count - 1) / sums.member_count, 6
    ) as gini_by_chance,
    sums.largest_member,
    sums.largest_share,
    sums.largest_even_share
from sums
inner join days on sums.voters = days.voters and sums.basis = days.basis
