{#-
What a cell's verdicts weigh is by the default scheme: every participant's weight, spread over their
verdicts, in the whole millionths of fct_weighted_judgment. A country's weighted counts are sums of these
over its cells.
-#}
{%- set weights = [
    'win_a_weight_micro', 'win_b_weight_micro', 'tie_weight_micro', 'both_bad_weight_micro'
] -%}
with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

judged as (

    select * from {{ ref('fct_participant_count') }}

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}
    where is_default

),

participants as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

weighted as (

    select
        weights.participant_key,
        coalesce(participants.cell_id, unknown.cell_id) as cell_id,
        weights.weight_micro
    from {{ ref('fct_participant_weight') }} as weights
    inner join schemes on weights.scheme = schemes.scheme
    cross join unknown
    left join participants on weights.participant_key = participants.participant_key

),

spread as (

    select
        weighted.cell_id,
        judged.*,
        cast(weighted.weight_micro as double) / judged.verdict_count as verdict_weight_micro
    from judged
    inner join weighted on judged.participant_key = weighted.participant_key

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

split as (

    select
        *,
        all_tie_weight_micro - both_bad_weight_micro as tie_weight_micro
    from summed

)

select
    counts.*,
{%- for column in weights %}
    cast(coalesce(split.{{ column }}, 0) as bigint) as {{ column }}{{ ',' if not loop.last }}
{%- endfor %}
from counts
left join split
    on
        counts.cell_id = split.cell_id
        and counts.dimension = split.dimension
        and counts.model_a = split.model_a
        and counts.model_b = split.model_b
