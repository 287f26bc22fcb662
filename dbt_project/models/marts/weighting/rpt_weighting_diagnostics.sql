with

judging as (

    select * from {{ ref('int_participants__with_verdicts') }}
    where profile_number is not null

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}

),

profiles as (

    select * from {{ ref('int_profiles__weighted') }}

),

rakings as (

    select * from {{ ref('int_rakings__diagnosed') }}

),

margins as (

    select * from {{ ref('rpt_weighting_margin') }}
    where is_raked

),

contradicted as (

    select distinct participant_key from {{ ref('int_participants__contradicted') }}

),

countries as (

    select
        judging.country,
        count(*) as participant_count,
        count(contradicted.participant_key) as contradicted_count
    from judging
    left join contradicted on judging.participant_key = contradicted.participant_key
    group by judging.country

),

default_weights as (

    select
        profiles.profile_number,
        profiles.weight_micro
    from profiles
    inner join schemes on profiles.scheme = schemes.scheme
    where schemes.is_default

),

-- Sums of whole millionths: exact in any order.
weights as (

    select
        profiles.country,
        profiles.scheme,
        sum(profiles.participant_count) as participant_count,
        {{ kish_design_effect(
            'cast(profiles.weight_micro as decimal(38, 0))', 'profiles.participant_count'
        ) }} as design_effect,
        min(profiles.weight) as weight_min,
        max(profiles.weight) as weight_max,
        sum(case when profiles.is_trimmed then profiles.participant_count else 0 end)
            as trimmed_count,
        sum(profiles.participant_count * abs(profiles.weight_micro - default_weights.weight_micro))
            as difference_micro,
        sum(
            case when default_weights.weight_micro is not null then profiles.participant_count end
        ) as compared_count
    from profiles
    left join default_weights on profiles.profile_number = default_weights.profile_number
    group by profiles.country, profiles.scheme

),

stopped as (

    select
        country,
        scheme,
        {{ joined_text("variable || ': ' || wordings", '; ', 'variable') }} as unrecognised_answers
    from {{ ref('int_weightings__stopped') }}
    group by country, scheme

),

named as (

    select
        *,
        variable || ': ' || level as missed_level,
        variable || ': ' || level || ' into ' || raked_level as collapsed_level
    from margins

),

compared as (

    select
        country,
        scheme,
        max(asmd_before) as asmd_before_max,
        max(asmd_after) as asmd_after_max,
        {{ joined_text("case when level_status = 'collapsed' then collapsed_level end", '; ',
            'missed_level') }} as collapsed_levels,
        {{ joined_text("case when level_status = 'empty' then missed_level end", '; ',
            'missed_level') }} as empty_levels
    from named
    group by country, scheme

)

select
    coalesce(countries.country, 'unknown') as country,
    schemes.scheme,
    schemes.label as scheme_label,
    schemes.is_default,
    schemes.method = 'none' or rakings.country is not null or stopped.country is not null
        as has_targets,
    stopped.country is not null as is_stopped,
    stopped.unrecognised_answers,
    cast(countries.participant_count as bigint) as participant_count,
    cast(countries.participant_count - coalesce(weights.participant_count, 0) as bigint)
        as left_out_count,
    cast(countries.contradicted_count as bigint) as contradicted_count,
    cast(rakings.cell_count as bigint) as cell_count,
    cast(rakings.cell_participant_count_min as bigint) as cell_participant_count_min,
    cast(weights.design_effect as double) as design_effect,
    cast(weights.participant_count / weights.design_effect as double)
        as effective_participant_count,
    weights.weight_min,
    weights.weight_max,
    cast(weights.trimmed_count as double) / weights.participant_count as trimmed_share,
    rakings.raked_margin_error,
    rakings.margin_error,
    cast(rakings.sweep_count as integer) as sweep_count,
    rakings.is_converged,
    compared.asmd_before_max,
    compared.asmd_after_max,
    nullif(compared.collapsed_levels, '') as collapsed_levels,
    coalesce(compared.collapsed_levels <> '', false) as has_collapsed_levels,
    nullif(compared.empty_levels, '') as empty_levels,
    cast(weights.difference_micro as double) / 1000000 / nullif(weights.compared_count, 0)
        as default_difference_mean
from countries
cross join schemes
left join weights
    on
        coalesce(countries.country, '') = coalesce(weights.country, '')
        and schemes.scheme = weights.scheme
left join rakings
    on
        countries.country = rakings.country
        and schemes.scheme = rakings.scheme
left join compared
    on
        countries.country = compared.country
        and schemes.scheme = compared.scheme
left join stopped
    on
        countries.country = stopped.country
        and schemes.scheme = stopped.scheme
