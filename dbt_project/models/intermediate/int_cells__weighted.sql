{#-
What each cell's verdicts weigh by the default scheme: every participant's weight, spread over their
verdicts, in the whole millionths of fct_weighted_judgment. A country's weighted counts are sums of
these over its cells.
-#}
with

counts as (

    select * from {{ ref('int_participants__counted') }}

),

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}
    where is_default

),

participants as (

    select * from {{ ref('int_participants__numbered') }}

),

weighted as (

    select
        participants.participant_number,
        participants.cell_id,
        weights.weight_micro
    from weights
    inner join schemes on weights.scheme = schemes.scheme
    inner join participants on weights.participant_key = participants.participant_key

),

spread as (

    select
        weighted.cell_id,
        counts.*,
        cast(weighted.weight_micro as double) / counts.verdict_count as verdict_weight_micro
    from counts
    inner join weighted on counts.participant_number = weighted.participant_number

),

-- Ties of both kinds are rounded together there, so both_bad and the rest add up to them.
summed as (

    select
        cell_id,
        dimension_number,
        model_a_number,
        model_b_number,
        sum(cast(round(verdict_weight_micro * win_a_count) as bigint)) as win_a_weight_micro,
        sum(cast(round(verdict_weight_micro * win_b_count) as bigint)) as win_b_weight_micro,
        sum(cast(round(verdict_weight_micro * both_bad_count) as bigint)) as both_bad_weight_micro,
        sum(
            cast(
                round(verdict_weight_micro * (battle_count - win_a_count - win_b_count)) as bigint
            )
        ) as all_tie_weight_micro
    from spread
    group by cell_id, dimension_number, model_a_number, model_b_number

),

final as (

    select
        cell_id,
        dimension_number,
        model_a_number,
        model_b_number,
        cast(win_a_weight_micro as bigint) as win_a_weight_micro,
        cast(win_b_weight_micro as bigint) as win_b_weight_micro,
        cast(all_tie_weight_micro - both_bad_weight_micro as bigint) as tie_weight_micro,
        cast(both_bad_weight_micro as bigint) as both_bad_weight_micro
    from summed

)

select * from final
