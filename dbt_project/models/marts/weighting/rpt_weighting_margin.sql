with

levels as (

    select * from {{ ref('int_levels__weighted') }}

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
            when raked_level_count > 1 then 'joined'
            else 'targeted'
        end as level_status,
        raked_level,
        cast(participant_count as bigint) as participant_count,
        cast(census_share as double) as census_share,
        target_share,
        before_share,
        after_share,
        {{ asmd('before_share', 'target_share') }} as asmd_before,
        {{ asmd('after_share', 'target_share') }} as asmd_after
    from shared

)

select * from final
