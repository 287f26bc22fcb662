{#- What a cell is short of, and its part of the next batch: in proportion to what is short (to the
target where nothing is), rounded so that the parts sum to the batch (largest remainder). -#}
with

cells as (

    select * from {{ ref('int_quota_cells__targeted') }}

),

countries as (

    select * from {{ ref('int_quota_countries__sized') }}

),

short as (

    select
        cells.*,
        countries.next_count,
        case
            when cells.is_recruitable
                then coalesce(countries.full_size * cells.target_share, cells.participant_count)
            else cells.participant_count
        end as quota,
        greatest(
            coalesce(countries.full_size * cells.target_share - cells.participant_count, 0), 0
        ) as shortage
    from cells
    inner join countries on cells.country = countries.country

),

wanted as (

    select
        *,
        case
            when not is_recruitable then 0
            when
                sum(case when is_recruitable and shortage > 0 then 1 else 0 end)
                    over (partition by country)
                = 0
                then cast(round(target_share * 1e12) as bigint)
            else cast(round(shortage * 1e9) as bigint)
        end as wanted_part
    from short

),

divided as (

    select
        *,
        next_count * cast(wanted_part as double)
        / nullif(cast(sum(wanted_part) over (partition by country) as double), 0) as exact_count
    from wanted

),

floored as (

    select
        *,
        cast(floor(coalesce(exact_count, 0)) as bigint) as floor_count,
        row_number() over (
            partition by country
            order by exact_count - floor(exact_count) desc nulls last, cell_key
        ) as remainder_rank
    from divided

)

select
    country,
    cell_key,
    label,
    is_recruitable,
    participant_count,
    design_effect,
    weight_share,
    target_share,
    cast(round(quota) as bigint) as quota_count,
    -- What is short by the last bits only is not short.
    cast(ceil(shortage - 1e-6) as bigint) as short_count,
    floor_count + case
        when
            remainder_rank
            <= next_count - sum(floor_count) over (partition by country)
            then 1
        else 0
    end as next_count
from floored
