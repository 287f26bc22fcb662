{{ config(severity='warn') }}
{#- Warns: battles were scheduled by a policy, or a version of one, that no seed row describes. Add
their rows to seed_pairing_policies, also of policies that are used no more. -#}
select
    scheduled.policy,
    scheduled.policy_version,
    count(*) as battle_count
from {{ ref('stg_events__battles_scheduled') }} as scheduled
left join {{ ref('seed_pairing_policies') }} as policies
    on
        scheduled.policy = policies.policy
        and scheduled.policy_version = policies.version
where policies.policy is null
group by scheduled.policy, scheduled.policy_version
