{#- What a policy would do once every open hit is struck: whom it excludes. -#}
with

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

members as (

    select * from {{ ref('seed_quality_policy_rules') }}

),

struck as (

    select * from {{ ref('int_policies__with_strikes') }}

),

hits as (

    select * from {{ ref('int_hits__with_strikes') }}
    where state = 'open'

),

exclusions as (

    select * from {{ ref('stg_events__participants_excluded') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

open_counts as (

    select
        members.policy,
        members.policy_version,
        hits.participant_key,
        count(*) as open_hit_count
    from hits
    inner join members
        on
            hits.rule = members.rule
            and hits.rule_version = members.rule_version
    group by members.policy, members.policy_version, hits.participant_key

),

excluded as (

    select
        exclusions.policy,
        exclusions.policy_version,
        exclusions.participant_key,
        min(case when retracted.event_id is null then 0 else 1 end) = 1 as is_appealed
    from exclusions
    left join retracted on exclusions.event_id = retracted.event_id
    group by exclusions.policy, exclusions.policy_version, exclusions.participant_key

),

counted as (

    select
        coalesce(struck.policy, open_counts.policy) as policy,
        coalesce(struck.policy_version, open_counts.policy_version) as policy_version,
        coalesce(struck.participant_key, open_counts.participant_key) as participant_key,
        coalesce(struck.strike_count, 0) as strike_count,
        coalesce(open_counts.open_hit_count, 0) as open_hit_count
    from struck
    full outer join open_counts
        on
            struck.policy = open_counts.policy
            and struck.policy_version = open_counts.policy_version
            and struck.participant_key = open_counts.participant_key

)

select
    counted.*,
    excluded.participant_key is not null as has_exclusion,
    counted.strike_count + counted.open_hit_count >= policies.strikes_to_exclude
    and not coalesce(excluded.is_appealed, false) as is_excluded
from counted
inner join policies
    on
        counted.policy = policies.policy
        and counted.policy_version = policies.version
left join excluded
    on
        counted.policy = excluded.policy
        and counted.policy_version = excluded.policy_version
        and counted.participant_key = excluded.participant_key
