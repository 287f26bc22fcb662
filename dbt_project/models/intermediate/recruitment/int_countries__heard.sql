{#- Kish's effective number, cell by cell: sum(target)^2 / sum(target^2 * design effect / people).
Sums over 10^-15 and 10^-18. -#}
with

cells as (

    select * from {{ ref('int_cells__targeted') }}

),

parts as (

    select
        country,
        participant_count,
        case when participant_count > 0 then cast(round(target_share * 1e15) as bigint) else 0 end
            as target_part,
        coalesce(
            cast(
                round(
                    target_share * target_share * design_effect
                    / nullif(participant_count, 0) * 1e18
                ) as bigint
            ), 0
        ) as square_part
    from cells

),

heard as (

    select
        country,
        cast(sum(participant_count) as bigint) as participant_count,
        power(cast(sum(target_part) as double) / 1e15, 2)
        / nullif(cast(sum(square_part) as double) / 1e18, 0) as effective_participant_count
    from parts
    group by country

)

select * from heard
