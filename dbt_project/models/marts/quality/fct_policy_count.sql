{#- What counts now, with whom policies exclude now put back, less whom each policy excludes. -#}
with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

battles as (

    -- What does not count for anybody counts under no policy.
    select * from {{ ref('int_battles__current') }}
    where is_counted or uncounted_reason = 'excluded'

),

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

applied as (

    select * from {{ ref('int_policies__applied') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

counted as (

    select
        policies.policy,
        policies.version as policy_version,
        counts.dimension,
        counts.model_a,
        counts.model_b,
        counts.win_a_count,
        counts.win_b_count,
        counts.tie_count + counts.both_bad_count as tie_count
    from counts
    cross join policies

),

adjusted as (

    select
        policies.policy,
        policies.version as policy_version,
        battles.dimension,
        battles.model_a,
        battles.model_b,
        battles.outcome,
        1 as battle_count
    from battles
    inner join excluded on battles.participant_key = excluded.participant_key
    cross join policies
    where not excluded.is_by_hand
    union all
    select
        applied.policy,
        applied.policy_version,
        battles.dimension,
        battles.model_a,
        battles.model_b,
        battles.outcome,
        -1 as battle_count
    from battles
    inner join applied on battles.participant_key = applied.participant_key
    left join excluded on battles.participant_key = excluded.participant_key
    where applied.is_excluded and not coalesce(excluded.is_by_hand, false)

),

united as (

    select * from counted
    union all
    select
        policy,
        policy_version,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        case
            when outcome = case when model_a < model_b then 'a' else 'b' end then battle_count
            else 0
        end as win_a_count,
        case
            when outcome = case when model_a < model_b then 'b' else 'a' end then battle_count
            else 0
        end as win_b_count,
        case when outcome in ('tie', 'both_bad') then battle_count else 0 end as tie_count
    from adjusted

),

summed as (

    select
        policy,
        policy_version,
        dimension,
        model_a,
        model_b,
        cast(sum(win_a_count) as bigint) as win_a_count,
        cast(sum(win_b_count) as bigint) as win_b_count,
        cast(sum(tie_count) as bigint) as tie_count
    from united
    group by policy, policy_version, dimension, model_a, model_b

)

select * from summed
where win_a_count + win_b_count + tie_count > 0
