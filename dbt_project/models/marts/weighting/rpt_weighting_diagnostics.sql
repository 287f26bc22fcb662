with

judging as (

    select * from {{ ref('int_participants__judging') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

rakings as (

    select * from {{ ref('int_rakings__diagnosed') }}

),

margins as (

    select * from {{ ref('rpt_weighting_margin') }}

),

countries as (

    select
        country,
        count(*) as participant_count
    from judging
    group by country

),

default_weights as (

    select
        weights.participant_key,
        weights.weight_micro
    from weights
    inner join schemes on weights.scheme = schemes.scheme
    where schemes.is_default

),

-- Sums of whole millionths: exact in any order.
weighed as (

    select
        weights.country,
        weights.scheme,
        count(*) as weighted_count,
        {{ kish_design_effect('cast(weights.weight_micro as decimal(38, 0))') }} as design_effect,
        min(weights.weight) as weight_min,
        max(weights.weight) as weight_max,
        sum(case when weights.is_trimmed then 1 else 0 end) as trimmed_count,
        sum(abs(weights.weight_micro - default_weights.weight_micro)) as difference_micro,
        count(default_weights.weight_micro) as compared_count
    from weights
    left join default_weights on weights.participant_key = default_weights.participant_key
    group by weights.country, weights.scheme

),

compared as (

    select
        country,
        scheme,
        max(asmd_before) as asmd_before_max,
        max(asmd_after) as asmd_after_max,
        {{ joined_text(
            "case when level_status = 'collapsed' then variable || ': ' || level || ' into ' || raked_level end",
            '; ', 'variable || level') }} as collapsed_levels,
        {{ joined_text("case when level_status = 'empty' then variable || ': ' || level end",
            '; ', 'variable || level') }} as empty_levels
    from margins
    where is_raked
    group by country, scheme

),

final as (

    select
        coalesce(countries.country, 'unknown') as country,
        schemes.scheme,
        schemes.is_default,
        schemes.method = 'none' or rakings.country is not null as has_targets,
        cast(countries.participant_count as bigint) as participant_count,
        cast(countries.participant_count - coalesce(weighed.weighted_count, 0) as bigint)
            as left_out_count,
        cast(rakings.cell_count as bigint) as cell_count,
        cast(rakings.cell_participant_count_min as bigint) as cell_participant_count_min,
        cast(weighed.design_effect as double) as design_effect,
        cast(weighed.weighted_count / weighed.design_effect as double)
            as effective_participant_count,
        weighed.weight_min,
        weighed.weight_max,
        cast(weighed.trimmed_count as double) / weighed.weighted_count as trimmed_share,
        rakings.raked_margin_error,
        rakings.margin_error,
        cast(rakings.sweep_count as integer) as sweep_count,
        rakings.is_converged,
        compared.asmd_before_max,
        compared.asmd_after_max,
        nullif(compared.collapsed_levels, '') as collapsed_levels,
        nullif(compared.empty_levels, '') as empty_levels,
        cast(weighed.difference_micro as double) / 1000000 / nullif(weighed.compared_count, 0)
            as default_difference_mean
    from countries
    cross join schemes
    left join weighed
        on
            coalesce(countries.country, '') = coalesce(weighed.country, '')
            and schemes.scheme = weighed.scheme
    left join rakings
        on
            countries.country = rakings.country
            and schemes.scheme = rakings.scheme
    left join compared
        on
            countries.country = compared.country
            and schemes.scheme = compared.scheme

)

select * from final
