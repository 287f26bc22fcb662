with

battles as (

    select * from {{ ref('int_battles__numbered') }}

),

participants as (

    select * from {{ ref('int_participants__numbered') }}

),

summed as (

    select
        participants.participant_number,
        battles.dimension_number,
        battles.model_a_number,
        battles.model_b_number,
        sum(battles.units) as units
    from battles
    inner join participants on battles.participant_key = participants.participant_key
    group by
        participants.participant_number,
        battles.dimension_number,
        battles.model_a_number,
        battles.model_b_number

),

verdicts as (

    select
        participant_number,
        dimension_number,
        model_a_number,
        model_b_number,
        {{ outcome_count('units', 'a') }} as win_a_count,
        {{ outcome_count('units', 'b') }} as win_b_count,
        {{ outcome_count('units', 'tie') }} as tie_count,
        {{ outcome_count('units', 'both_bad') }} as both_bad_count
    from summed
    where units <> 0

),

counted as (

    select
        *,
        win_a_count + win_b_count + tie_count + both_bad_count as battle_count
    from verdicts

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
