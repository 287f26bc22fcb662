with

cells as (

    select * from {{ ref('int_cells__allotted') }}

),

countries as (

    select * from {{ ref('int_countries__sized') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

summed as (

    select * from {{ ref('int_levels__allotted') }}

),

-- What the sample would be worth with the next batch in it; cells nobody is in weigh nothing.
batched as (

    select
        country,
        power(cast(sum(cast(round(target_share * 1e15) as bigint)) as double) / 1e15, 2)
        / cast(
            sum(
                cast(
                    round(
                        target_share * target_share * design_effect
                        / (participant_count + next_count) * 1e18
                    ) as bigint
                )
            ) as double
        ) * 1e18 as effective_participant_count
    from cells
    where participant_count + next_count > 0
    group by country

),

final as (

    select
        summed.country,
        summed.level,
        case when summed.level <> 'cell' then summed.stratum_id end as stratum_id,
        summed.cell_key,
        case when summed.level = 'cell' then summed.cell_label else strata.label end as label,
        summed.is_recruitable,
        summed.participant_count,
        summed.participant_count / nullif(cast(countries.participant_count as double), 0)
            as sample_share,
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
    left join batched on summed.country = batched.country
    left join strata on summed.stratum_id = strata.stratum_id

)

select * from final
