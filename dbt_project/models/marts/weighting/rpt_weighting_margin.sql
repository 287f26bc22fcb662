with

weights as (

    select * from {{ ref('int_profiles__weighted') }}

),

profile_levels as (

    select * from {{ ref('int_profile_levels') }}

),

collapsed as (

    select * from {{ ref('int_levels__collapsed') }}

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

axes as (

    select * from {{ ref('seed_axes') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

labels as (

    select * from {{ ref('seed_labels') }}
    where kind = 'variable'

),

-- What a scheme weights to, and every axis whether it does or not.
reported as (

    select
        scheme,
        country,
        variable
    from margins
    union
    select
        schemes.scheme,
        axes.country,
        axes.variable
    from axes
    cross join schemes

),

summed as (

    select
        weights.scheme,
        profile_levels.country,
        profile_levels.variable,
        profile_levels.level,
        sum(weights.participant_count) as participant_count,
        sum(weights.participant_count * weights.weight_micro) as weight_micro
    from weights
    inner join profile_levels on weights.profile_number = profile_levels.profile_number
    inner join reported
        on
            weights.scheme = reported.scheme
            and profile_levels.country = reported.country
            and profile_levels.variable = reported.variable
    group by weights.scheme, profile_levels.country, profile_levels.variable, profile_levels.level

),

levels as (

    select
        reported.scheme,
        reported.country,
        reported.variable,
        collapsed.level,
        collapsed.raked_level,
        collapsed.census_share,
        margins.variable is not null as is_raked,
        coalesce(summed.participant_count, 0) as participant_count,
        coalesce(summed.weight_micro, 0) as weight_micro
    from reported
    inner join collapsed
        on
            reported.country = collapsed.country
            and reported.variable = collapsed.variable
    left join summed
        on
            reported.scheme = summed.scheme
            and reported.country = summed.country
            and reported.variable = summed.variable
            and collapsed.level = summed.level
    left join margins
        on
            reported.scheme = margins.scheme
            and reported.country = margins.country
            and reported.variable = margins.variable

),

totalled as (

    select
        *,
        sum(participant_count) over variable_window as all_count,
        sum(weight_micro) over variable_window as all_micro,
        sum(case when census_share is null then 0 else participant_count end)
            over variable_window as targeted_count,
        sum(census_share) over variable_window as all_census_share,
        sum(participant_count) over raked_window as raked_count,
        count(*) over raked_window as raked_level_count
    from levels
    window
        variable_window as (partition by scheme, country, variable),
        raked_window as (partition by scheme, country, variable, raked_level)

),

shared as (

    select
        *,
        cast(participant_count as double) / all_count as before_share,
        cast(weight_micro as double) / all_micro as after_share,
        case
            when census_share is null then cast(participant_count as double) / all_count
            else
                cast(census_share as double) / cast(all_census_share as double)
                * targeted_count / all_count
        end as target_share
    from totalled
    where all_count > 0

)

select
    shared.country,
    shared.scheme,
    schemes.label as scheme_label,
    shared.variable,
    coalesce(labels.label, shared.variable) as variable_label,
    shared.level,
    shared.is_raked,
    case
        when shared.census_share is null then 'untargeted'
        when shared.raked_count = 0 then 'empty'
        when shared.raked_level <> shared.level then 'collapsed'
        when shared.raked_level_count > 1 then 'joined'
        else 'targeted'
    end as level_status,
    shared.raked_level,
    cast(shared.participant_count as bigint) as participant_count,
    cast(shared.census_share as double) as census_share,
    shared.target_share,
    shared.before_share,
    shared.after_share,
    {{ asmd('shared.before_share', 'shared.target_share') }} as asmd_before,
    {{ asmd('shared.after_share', 'shared.target_share') }} as asmd_after
from shared
inner join schemes on shared.scheme = schemes.scheme
left join labels on shared.variable = labels.name
