with

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

levels as (

    select * from {{ ref('int_participant_levels') }}

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

weighted as (

    select
        weights.scheme,
        levels.country,
        levels.variable,
        levels.level,
        count(*) as participant_count,
        sum(weights.weight_micro) as weight_micro
    from weights
    inner join levels on weights.participant_key = levels.participant_key
    inner join reported
        on
            weights.scheme = reported.scheme
            and levels.country = reported.country
            and levels.variable = reported.variable
    group by weights.scheme, levels.country, levels.variable, levels.level

),

compared as (

    select
        reported.scheme,
        collapsed.*,
        margins.variable is not null as is_raked,
        coalesce(weighted.participant_count, 0) as scheme_participant_count,
        coalesce(weighted.weight_micro, 0) as weight_micro
    from reported
    inner join collapsed
        on
            reported.country = collapsed.country
            and reported.variable = collapsed.variable
    left join weighted
        on
            reported.scheme = weighted.scheme
            and reported.country = weighted.country
            and reported.variable = weighted.variable
            and collapsed.level = weighted.level
    left join margins
        on
            reported.scheme = margins.scheme
            and reported.country = margins.country
            and reported.variable = margins.variable

),

totalled as (

    select
        *,
        sum(scheme_participant_count) over variable_window as all_count,
        sum(weight_micro) over variable_window as all_micro,
        sum(case when census_share is null then 0 else scheme_participant_count end)
            over variable_window as targeted_count,
        sum(census_share) over variable_window as all_census_share,
        sum(scheme_participant_count) over raked_window as raked_count
    from compared
    window
        variable_window as (partition by scheme, country, variable),
        raked_window as (partition by scheme, country, variable, raked_level)

),

shared as (

    select
        *,
        cast(scheme_participant_count as double) / all_count as before_share,
        cast(weight_micro as double) / all_micro as after_share,
        case
            when census_share is null then cast(scheme_participant_count as double) / all_count
            else
                cast(census_share as double) / cast(all_census_share as double)
                * targeted_count / all_count
        end as target_share
    from totalled
    where all_count > 0

),

final as (

    select
        country,
        scheme,
        variable,
        level,
        is_raked,
        case
            when census_share is null then 'untargeted'
            when raked_count = 0 then 'empty'
            when raked_level <> level then 'collapsed'
            when raked_count > scheme_participant_count then 'joined'
            else 'targeted'
        end as level_status,
        raked_level,
        cast(scheme_participant_count as bigint) as participant_count,
        cast(census_share as double) as census_share,
        target_share,
        before_share,
        after_share,
        {{ asmd('before_share', 'target_share') }} as asmd_before,
        {{ asmd('after_share', 'target_share') }} as asmd_after
    from shared

)

select * from final
