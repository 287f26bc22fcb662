with

ranks as (

    select * from {{ source('ratings', 'policy_rank') }}

),

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

applied as (

    select
        policy,
        policy_version,
        count(*) as excluded_participant_count
    from {{ ref('int_policies__applied') }}
    where is_excluded
    group by policy, policy_version

),

baselines as (

    select ranks.*
    from ranks
    inner join policies
        on
            ranks.policy = policies.policy
            and ranks.policy_version = policies.version
    where policies.strikes_to_exclude is null

)

select
    policies.policy,
    policies.version as policy_version,
    policies.is_default,
    policies.strikes_to_exclude,
    coalesce(applied.excluded_participant_count, 0) as excluded_participant_count,
    ranks.dimension,
    ranks.model_id,
    cast(ranks.rank as integer) as rank,
    cast(ranks.rank_lo as integer) as rank_lo,
    cast(ranks.rank_hi as integer) as rank_hi,
    cast(ranks.rank - baselines.rank as integer) as rank_change,
    ranks.skill_micro / 1e6 as skill,
    ranks.skill_sd_micro / 1e6 as skill_sd,
    (ranks.skill_micro - baselines.skill_micro) / 1e6 as skill_change,
    ranks.battle_count
from ranks
inner join policies
    on
        ranks.policy = policies.policy
        and ranks.policy_version = policies.version
left join applied
    on
        ranks.policy = applied.policy
        and ranks.policy_version = applied.policy_version
left join baselines
    on
        ranks.dimension = baselines.dimension
        and ranks.model_id = baselines.model_id
