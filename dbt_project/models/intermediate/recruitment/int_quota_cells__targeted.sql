{#- The target of a cell that people can be recruited for, one with a group of the census on each
axis, is its share of the weights. Whoever gave an answer that is no such group may be of several
cells: their weight is spread over those, as if axes were independent. So unknown answers hold no
target, and groups have the census' shares as far as weighting reaches them. Where nobody of a cell
judged, its target is the share it would have if axes were independent. Within a cell weights differ
by what is weighted to besides. -#}
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
        axes.axis,
        axes.axis || '=' || strata.group_name as level,
        strata.group_name,
        strata.population_share
    from axes
    inner join strata
        on
            axes.country = strata.country
            and axes.axis = strata.axis

),

-- As somebody names a group: by its name, or not at all.
named as (

    select
        *,
        level as said_level,
        cast(1 as double) as unsaid_share
    from groups_of_axes
    union all
    select
        *,
        axis || '=unknown' as said_level,
        population_share as unsaid_share
    from groups_of_axes

),

crossed as (

    select
        country,
        country || '/' || level as cell_key,
        country || '/' || said_level as said_key,
        group_name as label,
        population_share as expected_share,
        unsaid_share,
        ordinal,
        axis_count
    from named
    where ordinal = 1
    union all
    select
        crossed.country,
        crossed.cell_key || '/' || following.level as cell_key,
        crossed.said_key || '/' || following.said_level as said_key,
        crossed.label || ', ' || following.group_name as label,
        crossed.expected_share * following.population_share as expected_share,
        crossed.unsaid_share * following.unsaid_share as unsaid_share,
        following.ordinal,
        crossed.axis_count
    from crossed
    inner join named as following
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
    where ordinal = axis_count and cell_key = said_key

),

-- A participant's cell with `unknown` for each answer that is no group of the census.
said as (

    select
        stratified.participant_key,
        stratified.country || '/' || {{
            joined_text(
                "stratified.axis || '=' || coalesce(strata.group_name, 'unknown')",
                '/',
                'stratified.sort_order'
            )
        }} as said_key
    from {{ ref('int_participants__stratified') }} as stratified
    left join strata
        on
            stratified.country = strata.country
            and stratified.axis = strata.axis
            and stratified.group_name = strata.group_name
    group by stratified.participant_key, stratified.country

),

sampled as (

    select
        cells.country,
        cells.cell_key,
        min(said.said_key) as said_key,
        count(*) as participant_count,
        cast(sum(weights.weight_micro) as double) as weight_micro,
        cast(sum(cast(weights.weight_micro as decimal(38, 0)) * weights.weight_micro) as double)
            as square_micro
    from {{ ref('int_profiles__weighted') }} as weights
    inner join schemes on weights.scheme = schemes.scheme
    inner join participants on weights.profile_number = participants.profile_number
    inner join cells on participants.participant_key = cells.participant_key
    inner join said on cells.participant_key = said.participant_key
    inner join targets on cells.country = targets.country
    group by cells.country, cells.cell_key

),

shared as (

    select
        *,
        weight_micro / sum(cast(weight_micro as bigint)) over (partition by country)
            as weight_share
    from sampled

),

-- Sums over 10^-18.
spread as (

    select
        crossed.cell_key,
        cast(
            sum(cast(round(shared.weight_share * crossed.unsaid_share * 1e18) as bigint)) as double
        ) / 1e18 as spread_share
    from shared
    inner join crossed on shared.said_key = crossed.said_key
    where crossed.ordinal = crossed.axis_count
    group by crossed.cell_key

),

united as (

    select
        coalesce(expected.country, shared.country) as country,
        coalesce(expected.cell_key, shared.cell_key) as cell_key,
        expected.label,
        expected.cell_key is not null as is_recruitable,
        coalesce(shared.participant_count, 0) as participant_count,
        coalesce(shared.weight_share, 0) as weight_share,
        case
            when expected.cell_key is null then 0
            when shared.cell_key is null then expected.expected_share
            else spread.spread_share
        end as raw_share,
        -- At least one, but for the last bits.
        coalesce(
            greatest(
                shared.participant_count * shared.square_micro
                / (shared.weight_micro * shared.weight_micro),
                1
            ),
            1
        ) as design_effect
    from expected
    full outer join shared on expected.cell_key = shared.cell_key
    left join spread on expected.cell_key = spread.cell_key

)

select
    united.country,
    united.cell_key,
    coalesce(united.label, united.cell_key) as label,
    united.is_recruitable,
    united.participant_count,
    united.design_effect,
    united.weight_share,
    united.raw_share * 1e18 / sum(cast(round(united.raw_share * 1e18) as bigint)) over (
        partition by united.country
    ) as target_share
from united
inner join targets on united.country = targets.country
where united.raw_share > 0 or united.participant_count > 0
