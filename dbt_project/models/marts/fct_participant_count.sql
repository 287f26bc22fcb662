with

battles as (

    select * from {{ ref('fct_battle') }}
    where is_counted and participant_key is not null

),

-- However often somebody judges, they speak once: the weight is spread over their verdicts.
spread as (

    select
        participant_key,
        dimension,
        count(*) as verdict_count
    from battles
    group by participant_key, dimension

),

oriented as (

    select
        participant_key,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        case
            when model_a < model_b then outcome
            when outcome = 'a' then 'b'
            when outcome = 'b' then 'a'
            else outcome
        end as outcome
    from battles

),

counted as (

    select
        participant_key,
        dimension,
        model_a,
        model_b,
        cast(sum(case when outcome = 'a' then 1 else 0 end) as bigint) as win_a_count,
        cast(sum(case when outcome = 'b' then 1 else 0 end) as bigint) as win_b_count,
        cast(sum(case when outcome = 'both_bad' then 1 else 0 end) as bigint) as both_bad_count,
        count(*) as battle_count
    from oriented
    group by participant_key, dimension, model_a, model_b

),

judged as (

    select
        counted.*,
        spread.verdict_count
    from counted
    inner join spread
        on
            counted.participant_key = spread.participant_key
            and counted.dimension = spread.dimension

)

select * from judged
