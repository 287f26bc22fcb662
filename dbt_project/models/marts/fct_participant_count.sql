with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted and participant_key is not null

),

-- A pair has one order here, whichever model stood on the left.
oriented as (

    select
        participant_key,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        {{ oriented_outcome() }} as outcome
    from battles

),

counted as (

    select
        participant_key,
        dimension,
        model_a,
        model_b,
        {{ outcome_counts() }},
        count(*) as battle_count
    from oriented
    group by participant_key, dimension, model_a, model_b

)

-- However often somebody judges, their weight is one: it is spread over their verdicts.
select
    participant_key,
    dimension,
    model_a,
    model_b,
    win_a_count,
    win_b_count,
    both_bad_count,
    battle_count,
    cast(sum(battle_count) over (partition by participant_key, dimension) as bigint)
        as verdict_count
from counted
