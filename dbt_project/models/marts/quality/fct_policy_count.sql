{#- What counts now, with whom policies exclude now put back, less whom each policy excludes. -#}
with

counts as (

    select * from {{ ref('fct_cell_count') }}

),

battles as (

    select * from {{ ref('int_battles__current') }}

),

policies as (

    select * from {{ ref('seed_quality_policies') }}

),

applied as (

    select * from {{ ref('int_policies__applied') }}
    where is_excluded

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
        counts.outcome,
        counts.battle_count
    from counts
    cross join policies

),

put_back as (

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

),

left_out as (

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
    where not coalesce(excluded.is_by_hand, false)

),

united as (

    select * from counted
    union all
    select * from put_back
    union all
    select * from left_out

)

select
    policy,
    policy_version,
    dimension,
    least(model_a, model_b) as model_a,
    greatest(model_a, model_b) as model_b,
    {%- for side, other, column in [
        ('a', 'b', 'win_a_count'), ('b', 'a', 'win_b_count')
    ] %}
        cast(
            sum(
                case
                    when model_a < model_b and outcome = '{{ side }}' then battle_count
                    when model_a > model_b and outcome = '{{ other }}' then battle_count
                    else 0
                end
            ) as bigint
        ) as {{ column }},
    {%- endfor %}
    cast(
        sum(case when outcome in ('tie', 'both_bad') then battle_count else 0 end) as bigint
    ) as tie_count
from united
group by policy, policy_version, dimension, least(model_a, model_b), greatest(model_a, model_b)
having sum(battle_count) > 0
