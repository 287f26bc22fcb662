{#- How large the sample of people with a cell to recruit for would be in which every cell that is
short has its share, and the others are as they are, once it is worth the target less what the other
people are worth: 1 / n_eff = sum(target^2 * design effect / people), where a cell has the larger of
its people now and target * size. In order of people over target, cells are
filled one after the other; the first number of filled cells whose size stays below the next cell's
ratio is the right one. Sums over 10^-18. -#}
with

cells as (

    select * from {{ ref('int_quota_cells__targeted') }}

),

targets as (

    select * from {{ ref('seed_recruitment_targets') }}

),

measured as (

    select
        *,
        participant_count / target_share as size_ratio,
        cast(round(target_share * design_effect * 1e18) as bigint) as filled_part,
        cast(
            round(
                coalesce(
                    target_share * target_share * design_effect / nullif(participant_count, 0), 0
                ) * 1e18
            ) as bigint
        ) as unfilled_part
    from cells
    where target_share > 0

),

summed as (

    select
        country,
        cell_key,
        size_ratio,
        lead(size_ratio) over (partition by country order by size_ratio, cell_key)
            as next_ratio,
        cast(sum(filled_part) over (
            partition by country
            order by size_ratio, cell_key
            rows between unbounded preceding and current row
        ) as double) / 1e18 as filled_sum,
        cast(coalesce(sum(unfilled_part) over (
            partition by country
            order by size_ratio, cell_key
            rows between 1 following and unbounded following
        ), 0) as double) / 1e18 as unfilled_sum
    from measured

),

-- By what people weigh now. Sums over 10^-15 and 10^-18.
parts as (

    select
        country,
        is_recruitable,
        participant_count,
        cast(round(weight_share * 1e15) as bigint) as weight_part,
        cast(
            round(weight_share * weight_share * design_effect / participant_count * 1e18)
            as bigint
        ) as square_part
    from cells
    where participant_count > 0

),

-- Kish's effective number, cell by cell: sum(weight)^2 / sum(weight^2 * design effect / people).
present as (

    select
        country,
        cast(sum(participant_count) as bigint) as participant_count,
        power(cast(sum(weight_part) as double) / 1e15, 2)
        / nullif(cast(sum(square_part) as double) / 1e18, 0) as effective_participant_count
    from parts
    group by country

),

-- Of people with an answer that nobody can be recruited for.
unasked as (

    select
        country,
        power(cast(sum(weight_part) as double) / 1e15, 2)
        / nullif(cast(sum(square_part) as double) / 1e18, 0) as effective_count
    from parts
    where not is_recruitable
    group by country

),

sized as (

    select
        summed.country,
        summed.size_ratio,
        summed.next_ratio,
        summed.filled_sum
        / nullif(
            greatest(
                1 / greatest(
                    targets.effective_participant_count - coalesce(unasked.effective_count, 0), 1
                )
                - summed.unfilled_sum,
                0
            ),
            0
        ) as size
    from summed
    inner join targets on summed.country = targets.country
    left join unasked on summed.country = unasked.country

),

chosen as (

    select
        country,
        min(size) as full_size
    from sized
    where
        size >= size_ratio
        and (next_ratio is null or size <= next_ratio)
    group by country

)

select
    targets.country,
    coalesce(present.participant_count, 0) as participant_count,
    coalesce(present.effective_participant_count, 0) as effective_participant_count,
    coalesce(present.participant_count / present.effective_participant_count, 1)
        as design_effect,
    targets.effective_participant_count as effective_target_count,
    case
        when
            coalesce(present.effective_participant_count, 0)
            < targets.effective_participant_count
            then chosen.full_size
    end as full_size,
    targets.next_count,
    targets.price,
    targets.currency
from targets
left join present on targets.country = present.country
left join chosen on targets.country = chosen.country
