{#- How often models were drawn, against even chances among the models that were compared at the
time, each battle by its weight; with and without voters whom vote quality names. -#}
with

battles as (

    select
        voters,
        battle_key,
        coalesce(participant_key, battle_key) as cluster_key,
        model_a,
        model_b,
        judged_on,
        basis,
        draw_weight as weight
    from {{ ref('int_battles__sampled') }}
    where not is_private

),

sides as (

    select
        *,
        model_a as model_id
    from battles
    union all
    select
        *,
        model_b as model_id
    from battles

),

clusters as (

    select
        voters,
        basis,
        cluster_key,
        count(*) as battle_count,
        sum(2 * weight) as weight
    from battles
    group by voters, basis, cluster_key

),

totals as (

    select
        voters,
        basis,
        count(*) as cluster_count,
        sum(battle_count) as battle_count,
        sum(weight) as weight,
        sum(weight * weight) as squared_weight,
        -- Kish's effective number.
        sum(weight) * sum(weight) / sum(weight * weight) as effective_count
    from clusters
    group by voters, basis

),

of_cluster as (

    select
        sides.voters,
        sides.basis,
        members.scope,
        members.member,
        sides.cluster_key,
        sum(sides.weight) as weight
    from sides
    inner join {{ ref('int_models__grouped') }} as members on sides.model_id = members.model_id
    group by sides.voters, sides.basis, members.scope, members.member, sides.cluster_key

),

sums as (

    select
        of_cluster.voters,
        of_cluster.basis,
        of_cluster.scope,
        of_cluster.member,
        count(*) as cluster_count,
        sum(of_cluster.weight) as weight,
        sum(of_cluster.weight * of_cluster.weight) as squared_weight,
        sum(of_cluster.weight * clusters.weight) as crossed_weight
    from of_cluster
    inner join clusters
        on
            of_cluster.voters = clusters.voters
            and of_cluster.basis = clusters.basis
            and of_cluster.cluster_key = clusters.cluster_key
    group by of_cluster.voters, of_cluster.basis, of_cluster.scope, of_cluster.member

),

drawn as (

    select
        sides.voters,
        sides.basis,
        members.scope,
        members.member,
        count(distinct sides.battle_key) as battle_count,
        count(*) as appearance_count,
        min(sides.judged_on) as first_on,
        max(sides.judged_on) as last_on,
        count(distinct sides.judged_on) as day_count
    from sides
    inner join {{ ref('int_models__grouped') }} as members on sides.model_id = members.model_id
    group by sides.voters, sides.basis, members.scope, members.member

),

-- Squared residuals of each cluster, summed: what it drew less its share at even chances.
compared as (

    select
        sums.voters,
        sums.basis,
        sums.scope,
        sums.member,
        sums.cluster_count,
        sums.weight / expected.expected_weight as sampling_ratio,
        case
            when totals.cluster_count > 1
                then
                    sqrt(
                        greatest(
                            sums.squared_weight
                            - 2 * expected.expected_weight / totals.weight * sums.crossed_weight
                            + power(expected.expected_weight / totals.weight, 2)
                            * totals.squared_weight,
                            0
                        ) * totals.cluster_count / (totals.cluster_count - 1)
                    ) / expected.expected_weight
        end as sampling_ratio_sd,
        least(totals.effective_count, sums.weight * sums.weight / sums.squared_weight)
            as effective_participant_count,
        expected.model_count,
        expected.expected_count
    from sums
    inner join {{ ref('int_sampling__expected') }} as expected
        on
            sums.voters = expected.voters
            and sums.basis = expected.basis
            and sums.scope = expected.scope
            and sums.member = expected.member
    inner join totals on sums.voters = totals.voters and sums.basis = totals.basis

),

-- Student's 97.5% quantile, by its expansion about the normal one (Abramowitz and Stegun 26.7.5).
intervals as (

    select
        *,
        sampling_ratio_sd * (
            1.959964 + 2.372271 / freedom + 2.822499 / power(freedom, 2)
            + 2.555852 / power(freedom, 3) + 1.589536 / power(freedom, 4)
        ) as margin
    from (
        select
            *,
            greatest(effective_participant_count - 1, 1) as freedom
        from compared
    ) as compared_freely

),

by_day as (

    select
        voters,
        basis,
        judged_on,
        count(distinct battle_key) as battle_count,
        count(distinct cluster_key) as cluster_count,
        count(distinct model_id) as model_count
    from sides
    group by voters, basis, judged_on

)

select
    drawn.voters,
    drawn.basis,
    drawn.scope,
    drawn.member,
    compared.model_count,
    drawn.battle_count,
    drawn.appearance_count,
    compared.cluster_count as participant_count,
    drawn.first_on,
    drawn.last_on,
    drawn.day_count,
    round(cast(drawn.battle_count as double) / nullif(drawn.day_count, 0), 6) as battles_per_day,
    round(cast(drawn.appearance_count as double) / (2 * totals.battle_count), 6)
        as appearance_share,
    round(compared.expected_count / (2 * totals.battle_count), 6) as even_share,
    round(compared.sampling_ratio, 6) as sampling_ratio,
    case
        when compared.margin is not null
            then round(greatest(compared.sampling_ratio - compared.margin, 0), 6)
    end as sampling_ratio_lo,
    round(compared.sampling_ratio + compared.margin, 6) as sampling_ratio_hi,
    round(compared.sampling_ratio_sd, 6) as sampling_ratio_sd,
    round(compared.effective_participant_count, 6) as effective_participant_count
from drawn
inner join intervals as compared
    on
        drawn.voters = compared.voters
        and drawn.basis = compared.basis
        and drawn.scope = compared.scope
        and drawn.member = compared.member
inner join totals on drawn.voters = totals.voters and drawn.basis = totals.basis
union all
select
    by_day.voters,
    by_day.basis,
    'day' as scope,
    coalesce(cast(by_day.judged_on as string), 'unknown') as member,
    by_day.model_count,
    by_day.battle_count,
    2 * by_day.battle_count as appearance_count,
    by_day.cluster_count as participant_count,
    by_day.judged_on as first_on,
    by_day.judged_on as last_on,
    cast(case when by_day.judged_on is null then 0 else 1 end as bigint) as day_count,
    case when by_day.judged_on is not null then cast(by_day.battle_count as double) end
        as battles_per_day,
    round(cast(by_day.battle_count as double) / totals.battle_count, 6) as appearance_share,
    cast(null as double) as even_share,
    cast(null as double) as sampling_ratio,
    cast(null as double) as sampling_ratio_lo,
    cast(null as double) as sampling_ratio_hi,
    cast(null as double) as sampling_ratio_sd,
    cast(null as double) as effective_participant_count
from by_day
inner join totals on by_day.voters = totals.voters and by_day.basis = totals.basis
