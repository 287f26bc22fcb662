{#-
What each cell's verdicts weigh by the default scheme: every participant's weight, spread over their
verdicts, in the whole millionths of fct_weighted_judgment. A country's weighted counts are sums of
these over its cells.
-#}
with

counts as (

    select * from {{ ref('fct_participant_count') }}

),

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}
    where is_default

),

participants as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

spread as (

    select
        cells.cell_id,
        counts.*,
        cast(weights.weight_micro as double) / counts.verdict_count as verdict_weight_micro
    from counts
    inner join weights on counts.participant_key = weights.participant_key
    inner join schemes on weights.scheme = schemes.scheme
    inner join participants on counts.participant_key = participants.participant_key
    inner join cells on participants.cell_key = cells.cell_key

),

-- Ties of both kinds are rounded together there, so both_bad and the rest add up to them.
summed as (

    select
        cell_id,
        dimension,
        model_a,
        model_b,
        sum(cast(round(verdict_weight_micro * win_a_count) as bigint)) as win_a_weight_micro,
        sum(cast(round(verdict_weight_micro * win_b_count) as bigint)) as win_b_weight_micro,
        sum(cast(round(verdict_weight_micro * both_bad_count) as bigint)) as both_bad_weight_micro,
        sum(
            cast(
                round(verdict_weight_micro * (battle_count - win_a_count - win_b_count)) as bigint
            )
        ) as all_tie_weight_micro
    from spread
    group by cell_id, dimension, model_a, model_b

),

unfolded as (

    {%- for outcome, weight in [
        ('a', 'win_a_weight_micro'), ('b', 'win_b_weight_micro'),
        ('tie', 'all_tie_weight_micro - both_bad_weight_micro'),
        ('both_bad', 'both_bad_weight_micro')
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            cell_id,
            dimension,
            model_a,
            model_b,
            '{{ outcome }}' as outcome,
            cast({{ weight }} as bigint) as weight_micro
        from summed
        where {{ weight }} <> 0
    {%- endfor %}

)

select * from unfolded
