{{ config(severity='warn') }}
{#- Warns: strikes and exclusions that do nothing, because the study knows no such participant, rule
or policy. Appeal them and issue them again under the right name, or add the row of the rule or
policy. -#}
with

strikes as (

    select * from {{ ref('int_strikes__current') }}

),

exclusions as (

    select * from {{ ref('stg_events__participants_excluded') }}

),

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

known as (

    select participant_key from {{ ref('int_participants__current') }}
    union
    select participant_key from {{ ref('int_battles__current') }}
    union
    select participant_key from {{ ref('int_conversations__current') }}

)

select
    strikes.event_id,
    'strike for an unknown participant' as fault
from strikes
left join known on strikes.participant_key = known.participant_key
where known.participant_key is null
union all
select
    event_id,
    'strike of an unknown rule: ' || rule || ' ' || rule_version as fault
from strikes
where not is_known_rule
union all
select
    exclusions.event_id,
    'exclusion of an unknown participant' as fault
from exclusions
left join known on exclusions.participant_key = known.participant_key
where known.participant_key is null
union all
select
    exclusions.event_id,
    'exclusion by an unknown policy: ' || exclusions.policy || ' '
    || coalesce(exclusions.policy_version, '') as fault
from exclusions
left join policies
    on
        exclusions.policy = policies.policy
        and exclusions.policy_version = policies.version
where
    exclusions.policy is not null
    and policies.policy is null
