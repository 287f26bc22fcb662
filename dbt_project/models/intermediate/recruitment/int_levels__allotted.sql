{#- Cells, and what they sum to in each stratum and country. -#}
with

cells as (

    select * from {{ ref('int_cells__allotted') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

placed as (

    select
        'country' as level,
        country as stratum_id,
        country as member_id,
        cast(null as varchar) as cell_key,
        cell_key as member_key
    from cells
    union all
    select
        'stratum' as level,
        strata.stratum_id,
        strata.stratum_id as member_id,
        cast(null as varchar) as cell_key,
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
        cell_key as member_id,
        cell_key,
        cell_key as member_key
    from cells

),

summed as (

    select
        cells.country,
        placed.level,
        placed.stratum_id,
        placed.member_id,
        placed.cell_key,
        max(cells.label) as cell_label,
        max(case when cells.is_recruitable then 1 else 0 end) = 1 as is_recruitable,
        cast(sum(cells.participant_count) as bigint) as participant_count,
        cast(sum(cast(round(cells.target_share * 1e12) as bigint)) as double) / 1e12
            as target_share,
        cast(sum(cells.quota_count) as bigint) as quota_count,
        cast(sum(cells.short_count) as bigint) as short_count,
        cast(sum(cells.next_count) as bigint) as next_count
    from placed
    inner join cells on placed.member_key = cells.cell_key
    group by
        cells.country, placed.level, placed.stratum_id, placed.member_id, placed.cell_key

)

select * from summed
