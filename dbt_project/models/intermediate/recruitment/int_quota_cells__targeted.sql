{#- A cell's target is its share of the weights; where nobody of it judged, the share it would
have if axes were independent. Within a cell weights differ by what is weighted to besides. -#}
with recursive

targets as (

    select * from {{ ref('seed_recruitment_targets') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}
    where axis is not null and population_share is not null

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}
    where is_default

),

participants as (

    select * from {{ ref('int_participants__with_verdicts') }}

),

cells as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

axes as (

    select
        country,
        axis,
        row_number() over (partition by country order by sort_order, axis) as ordinal,
        count(*) over (partition by country) as axis_count
    from {{ ref('seed_axes') }}
    where is_stratum

),

groups_of_axes as (

    select
        axes.country,
        axes.ordinal,
        axes.axis_count,
        axes.axis || '=' || strata.group_name as level,
        strata.group_name,
        strata.population_share
    from axes
    inner join strata
        on
            axes.country = strata.country
            and axes.axis = strata.axis

),

crossed as (

    select
        country,
        country || '/' || level as cell_key,
        group_name as label,
        population_share as expected_share,
        ordinal,
        axis_count
    from groups_of_axes
    where ordinal = 1
    union all
    select
        crossed.country,
        crossed.cell_key || '/' || following.level as cell_key,
        crossed.label || ', ' || following.group_name as label,
        crossed.expected_share * following.population_share as expected_share,
        following.ordinal,
        crossed.axis_count
    from crossed
    inner join groups_of_axes as following
        on
            crossed.country = following.country
            and crossed.ordinal + 1 = following.ordinal

),

-- Every combination of a country's groups, with the share it would have if axes were independent;
-- axis by axis, in the order in which a cell's key names them.
expected as (

    select
        country,
        cell_key,
        label,
        expected_share
    from crossed
    where ordinal = axis_count

),

sampled as (

    select
        cells.country,
        cells.cell_key,
        count(*) as participant_count,
        cast(sum(weights.weight_micro) as double) as weight_micro,
        cast(sum(cast(weights.weight_micro as decimal(38, 0)) * weights.weight_micro) as double)
            as square_micro
    from {{ ref('int_profiles__weighted') }} as weights
    inner join schemes on weights.scheme = schemes.scheme
    inner join participants on weights.profile_number = participants.profile_number
    inner join cells on participants.participant_key = cells.participant_key
    inner join targets on cells.country = targets.country
    group by cells.country, cells.cell_key

),

totalled as (

    select
        *,
        sum(cast(weight_micro as bigint)) over (partition by country) as country_weight_micro
    from sampled

),

united as (

    select
        coalesce(expected.country, totalled.country) as country,
        coalesce(expected.cell_key, totalled.cell_key) as cell_key,
        expected.label,
        expected.cell_key is not null as is_recruitable,
        coalesce(totalled.participant_count, 0) as participant_count,
        coalesce(totalled.weight_micro / totalled.country_weight_micro, expected.expected_share)
            as raw_share,
        -- At least one, but for the last bits.
        coalesce(
            greatest(
                totalled.participant_count * totalled.square_micro
                / (totalled.weight_micro * totalled.weight_micro),
                1
            ),
            1
        ) as design_effect
    from expected
    full outer join totalled on expected.cell_key = totalled.cell_key

)

select
    united.country,
    united.cell_key,
    coalesce(united.label, united.cell_key) as label,
    united.is_recruitable,
    united.participant_count,
    united.design_effect,
    united.raw_share * 1e18 / sum(cast(round(united.raw_share * 1e18) as bigint)) over (
        partition by united.country
    ) as target_share
from united
inner join targets on united.country = targets.country
where united.raw_share > 0
