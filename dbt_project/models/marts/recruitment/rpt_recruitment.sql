with

cells as (

    select * from {{ ref('int_quota_cells__allotted') }}

),

countries as (

    select * from {{ ref('int_quota_countries__sized') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

parts as (

    select
        'country' as level,
        country as stratum_id,
        cast(null as string) as axis,
        country as member_id,
        cast(null as string) as cell_key,
        cell_key as member_key
    from cells
    union all
    select
        'stratum' as level,
        strata.stratum_id,
        strata.axis,
        strata.stratum_id as member_id,
        cast(null as string) as cell_key,
        cells.cell_key as member_key
    from cells
    inner join strata
        on
            cells.country = strata.country
            and strata.axis is not null
            and position(
                '/' || strata.axis || '=' || strata.group_name || '/' in cells.cell_key || '/'
            ) > 0
    union all
    select
        'cell' as level,
        country as stratum_id,
        cast(null as string) as axis,
        cell_key as member_id,
        cell_key,
        cell_key as member_key
    from cells

),

-- Cells, and what they sum to in each stratum and country.
summed as (

    select
        cells.country,
        parts.level,
        parts.stratum_id,
        parts.axis,
        parts.member_id,
        parts.cell_key,
        max(cells.label) as cell_label,
        max(case when cells.is_recruitable then 1 else 0 end) = 1 as is_recruitable,
        cast(sum(cells.participant_count) as bigint) as participant_count,
        cast(sum(cast(round(cells.target_share * 1e12) as bigint)) as double) / 1e12
            as target_share,
        cast(sum(cells.quota_count) as bigint) as quota_count,
        cast(sum(cells.short_count) as bigint) as short_count,
        cast(sum(cells.next_count) as bigint) as next_count
    from parts
    inner join cells on parts.member_key = cells.cell_key
    group by
        cells.country, parts.level, parts.stratum_id, parts.axis, parts.member_id, parts.cell_key

),

-- People with a known answer: to an axis, or to all axes.
known as (

    select
        country,
        level,
        axis,
        cast(sum(participant_count) as bigint) as known_count
    from summed
    where is_recruitable
    group by country, level, axis

),

-- What cells would weigh with the next batch in the sample: cells from which nobody can be
-- recruited are then a smaller part of it.
unasked as (

    select
        country,
        cast(sum(case when is_recruitable then 0 else participant_count end) as double)
        / nullif(cast(sum(participant_count + next_count) as double), 0) as share,
        cast(
            sum(case when is_recruitable then 0 else cast(round(weight_share * 1e18) as bigint) end)
            as double
        ) as weight_sum
    from cells
    group by country

),

weighed as (

    select
        cells.country,
        cells.design_effect,
        cells.participant_count + cells.next_count as people,
        case
            when cells.is_recruitable then cells.target_share * (1 - unasked.share)
            else unasked.share * cells.weight_share * 1e18 / nullif(unasked.weight_sum, 0)
        end as share
    from cells
    inner join unasked on cells.country = unasked.country
    where cells.participant_count + cells.next_count > 0

),

batched as (

    select
        country,
        power(cast(sum(cast(round(share * 1e15) as bigint)) as double) / 1e15, 2)
        / cast(
            sum(cast(round(share * share * design_effect / people * 1e18) as bigint)) as double
        ) * 1e18 as effective_participant_count
    from weighed
    group by country

)

select
    summed.country,
    summed.level,
    case when summed.level <> 'cell' then summed.stratum_id end as stratum_id,
    summed.cell_key,
    case when summed.level = 'cell' then summed.cell_label else strata.label end as label,
    summed.is_recruitable,
    summed.participant_count,
    case
        when summed.is_recruitable
            -- Of a country all are shown, and those with known answers are all of its share.
            then
                least(summed.participant_count, known.known_count)
                / nullif(cast(known.known_count as double), 0)
    end as sample_share,
    countries.participant_count - known.known_count as unknown_count,
    summed.target_share,
    summed.quota_count,
    summed.short_count,
    summed.short_count * countries.price as cost,
    cast(
        round(
            greatest(
                countries.effective_target_count * countries.design_effect
                - countries.participant_count,
                0
            )
            * coalesce(
                summed.participant_count
                / nullif(cast(countries.participant_count as double), 0),
                summed.target_share
            )
        ) as bigint
    ) as as_before_count,
    summed.next_count,
    countries.price,
    countries.currency,
    countries.effective_target_count,
    case when summed.level = 'country' then countries.design_effect end as design_effect,
    case when summed.level = 'country' then countries.effective_participant_count end
        as effective_participant_count,
    case when summed.level = 'country' then batched.effective_participant_count end
        as next_effective_participant_count
from summed
inner join countries on summed.country = countries.country
left join known
    on
        summed.country = known.country
        and case when summed.level = 'stratum' then 'stratum' else 'cell' end = known.level
        and summed.axis is not distinct from known.axis
left join batched on summed.country = batched.country
left join strata on summed.stratum_id = strata.stratum_id
