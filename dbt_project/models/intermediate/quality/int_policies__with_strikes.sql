{#- Under each policy, who has how many standing strikes, and since when they exclude. -#}
with

strikes as (

    select * from {{ ref('int_strikes__current') }}
    where is_standing

),

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

members as (

    select * from {{ ref('seed_quality_policy_rules') }}

),

numbered as (

    select
        policies.policy,
        policies.version as policy_version,
        policies.strikes_to_exclude,
        strikes.participant_key,
        strikes.position,
        row_number() over (
            partition by policies.policy, policies.version, strikes.participant_key
            order by strikes.position
        ) as strike_number
    from strikes
    inner join members
        on
            strikes.rule = members.rule
            and strikes.rule_version = members.rule_version
    inner join policies
        on
            members.policy = policies.policy
            and members.policy_version = policies.version

)

select
    policy,
    policy_version,
    participant_key,
    count(*) as strike_count,
    max(case when strike_number = strikes_to_exclude then position end) as reached_position
from numbered
group by policy, policy_version, participant_key
