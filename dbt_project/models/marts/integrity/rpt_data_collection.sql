with

battles as (

    select
        cast(cast(min(occurred_at) as date) as string) as first_day,
        cast(cast(max(occurred_at) as date) as string) as last_day
    from {{ ref('fct_battle') }}
    where is_counted

),

people as (

    select
        coalesce(sum(participant_count), 0) as enrolled_count,
        coalesce(sum(participant_count - left_out_count), 0) as weighted_count
    from {{ ref('rpt_weighting_diagnostics') }}
    where is_default

)

select
    'all' as stratum_id,
    substring(battles.first_day, 1, 7) as first_month,
    substring(battles.last_day, 1, 7) as last_month,
    case
        when people.enrolled_count < {{ disclosed_people_min() }} then 'nobody_enrolled'
        when people.weighted_count < {{ disclosed_people_min() }} then 'nobody_has_a_weight'
    end as not_weighted_reason
from battles
cross join people
