{#- The target of a cell that people can be recruited for, one with a group of the census on each
axis: on every axis groups have the census' shares, whatever levels were weighted together and
whatever weights were bounded. How axes go together is the sample's: its people with their weights,
raked to the census. Somebody whose answer is no group may be of several cells: their weight
is spread over those, as if axes were independent. So that cells where nobody judged have a target
as well, one more person per cell is taken to be there, spread as if axes were independent
(pseudo-Bayes: Fienberg and Holland 1973, Journal of the American Statistical Association 68).
Within a cell weights differ by what is weighted to besides. -#}
{%- set sweeps = 100 -%}
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

crossed as (

    select * from {{ ref('int_quota_cells__crossed') }}

),

-- Each combination once, with the share it would have if axes were independent.
expected as (

    select
        country,
        cell_key,
        label,
        expected_share,
        axis_count,
        count(*) over (partition by country) as cell_count
    from crossed
    where cell_key = said_key

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
    group by crossed.cell_key

),

heard as (

    select
        country,
        cast(sum(participant_count) as bigint) as participant_count
    from sampled
    group by country

),

-- Which group a cell has on each axis, with its share of the census.
levelled as (

    select
        expected.cell_key,
        expected.country,
        strata.axis,
        strata.group_name,
        strata.population_share,
        dense_rank() over (partition by expected.country order by strata.axis) as ordinal
    from expected
    inner join strata
        on
            expected.country = strata.country
            and position(
                '/' || strata.axis || '=' || strata.group_name || '/' in expected.cell_key || '/'
            ) > 0

),

-- Raked axis by axis, round and round.
raked as (

    select
        expected.cell_key,
        expected.axis_count,
        (
            coalesce(spread.spread_share * heard.participant_count, 0)
            + expected.expected_share * expected.cell_count
        ) / (coalesce(heard.participant_count, 0) + expected.cell_count) as share,
        0 as step
    from expected
    left join heard on expected.country = heard.country
    left join spread on expected.cell_key = spread.cell_key
    union all
    select
        raked.cell_key,
        raked.axis_count,
        coalesce(
            raked.share * levelled.population_share
            / nullif(
                {{ exact_share_sum(
                    'raked.share', 'levelled.country, levelled.axis, levelled.group_name'
                ) }},
                0
            ),
            0
        ) as share,
        raked.step + 1 as step
    from raked
    inner join levelled
        on
            raked.cell_key = levelled.cell_key
            and raked.step % raked.axis_count + 1 = levelled.ordinal
    where raked.step < raked.axis_count * {{ sweeps }}

),

targeted as (

    select
        expected.country,
        expected.cell_key,
        expected.label,
        raked.share / {{ exact_share_sum('raked.share', 'expected.country') }} as target_share
    from expected
    inner join raked
        on
            expected.cell_key = raked.cell_key
            and expected.axis_count * {{ sweeps }} = raked.step

)

select
    coalesce(targeted.country, shared.country) as country,
    coalesce(targeted.cell_key, shared.cell_key) as cell_key,
    coalesce(targeted.label, shared.cell_key) as label,
    targeted.cell_key is not null as is_recruitable,
    coalesce(shared.participant_count, 0) as participant_count,
    coalesce(shared.weight_share, 0) as weight_share,
    coalesce(targeted.target_share, 0) as target_share,
    -- At least one, but for the last bits.
    coalesce(
        greatest(
            shared.participant_count * shared.square_micro
            / (shared.weight_micro * shared.weight_micro),
            1
        ),
        1
    ) as design_effect
from targeted
full outer join shared on targeted.cell_key = shared.cell_key
inner join targets on coalesce(targeted.country, shared.country) = targets.country
