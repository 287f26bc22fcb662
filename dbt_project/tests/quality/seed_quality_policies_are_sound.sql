{#- One default, one policy that excludes nobody, and every policy's rules are there. -#}
with

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

members as (

    select * from {{ ref('seed_quality_policy_rules') }}

),

rules as (

    select * from {{ ref('seed_quality_rules') }}

)

select 'not exactly one policy is the default' as fault
from policies
having sum(case when is_default then 1 else 0 end) <> 1
union all
select 'not exactly one policy has no number of strikes' as fault
from policies
having sum(case when strikes_to_exclude is null then 1 else 0 end) <> 1
union all
select policy || ' ' || version || ' excludes at less than one strike' as fault
from policies
where strikes_to_exclude < 1
union all
select policies.policy || ' ' || policies.version || ' has no rules' as fault
from policies
left join members
    on
        policies.policy = members.policy
        and policies.version = members.policy_version
where
    policies.strikes_to_exclude is not null
    and members.policy is null
union all
select members.policy || ' ' || members.policy_version || ' is no policy' as fault
from members
left join policies
    on
        members.policy = policies.policy
        and members.policy_version = policies.version
where policies.policy is null
union all
select members.rule || ' ' || members.rule_version || ' is no rule' as fault
from members
left join rules
    on
        members.rule = rules.rule
        and members.rule_version = rules.version
where rules.rule is null
