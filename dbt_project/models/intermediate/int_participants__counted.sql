{%- set numbers = outcome_numbers() -%}
with

battles as (

    select
        *,
        left_number < right_number as is_oriented
    from {{ ref('int_battles__numbered') }}
    where is_counted

),

participants as (

    select * from {{ ref('int_participants__numbered') }}

),

counted as (

    select
        participants.participant_number,
        battles.dimension_number,
        least(battles.left_number, battles.right_number) as model_a_number,
        greatest(battles.left_number, battles.right_number) as model_b_number,
        count(
            case
                when battles.outcome_number = {{ numbers['a'] }} and battles.is_oriented then 1
                when battles.outcome_number = {{ numbers['b'] }} and not battles.is_oriented then 1
            end
        ) as win_a_count,
        count(
            case
                when battles.outcome_number = {{ numbers['b'] }} and battles.is_oriented then 1
                when battles.outcome_number = {{ numbers['a'] }} and not battles.is_oriented then 1
            end
        ) as win_b_count,
        count(
            case when battles.outcome_number = {{ numbers['both_bad'] }} then 1 end
        ) as both_bad_count,
        count(*) as battle_count
    from battles
    inner join participants on battles.participant_key = participants.participant_key
    group by
        participants.participant_number,
        battles.dimension_number,
        least(battles.left_number, battles.right_number),
        greatest(battles.left_number, battles.right_number)

),

-- However often somebody judges, they speak once: the weight is spread over their verdicts.
spread as (

    select
        participant_number,
        dimension_number,
        sum(battle_count) as verdict_count
    from counted
    group by participant_number, dimension_number

),

final as (

    select
        counted.participant_number,
        counted.dimension_number,
        counted.model_a_number,
        counted.model_b_number,
        cast(counted.win_a_count as integer) as win_a_count,
        cast(counted.win_b_count as integer) as win_b_count,
        cast(counted.both_bad_count as integer) as both_bad_count,
        cast(counted.battle_count as integer) as battle_count,
        cast(spread.verdict_count as integer) as verdict_count
    from counted
    inner join spread
        on
            counted.participant_number = spread.participant_number
            and counted.dimension_number = spread.dimension_number

)

select * from final
