{#- A cell's target is its share of the weights; where nobody of it was heard, the share it would
have if axes were independent. Within a cell weights differ by what is weighted to besides. -#}
with

targets as (

    select * from {{ ref('seed_recruitment_targets') }}

),

expected as (

    select * from {{ ref('int_cells__expected') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}
    where is_default

),

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

celled as (

    select * from {{ ref('int_participants__celled') }}

),

heard as (

    select
        celled.country,
        celled.cell_key,
        count(*) as participant_count,
        cast(sum(weights.weight_micro) as double) as weight_micro,
        cast(sum(cast(weights.weight_micro as decimal(38, 0)) * weights.weight_micro) as double)
            as square_micro
    from weights
    inner join schemes on weights.scheme = schemes.scheme
    inner join celled on weights.participant_key = celled.participant_key
    inner join targets on celled.country = targets.country
    group by celled.country, celled.cell_key

),

totalled as (

    select
        *,
        sum(cast(weight_micro as bigint)) over (partition by country) as country_weight_micro
    from heard

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

),

shared as (

    select
        united.country,
        united.cell_key,
        coalesce(united.label, united.cell_key) as label,
        united.is_recruitable,
        united.participant_count,
        united.design_effect,
        united.raw_share * 1e18 / sum(cast(united.raw_share * 1e18 as bigint)) over (
            partition by united.country
        ) as target_share
    from united
    inner join targets on united.country = targets.country
    where united.raw_share > 0

)

select * from shared
