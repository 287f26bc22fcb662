{#-
However often somebody judges, they speak once in a dimension: a verdict is worth one over their
verdicts. In whole billionths, so that sums do not depend on order.
-#}
with

counts as (

    select * from {{ ref('fct_participant_count') }}

),

judging as (

    select * from {{ ref('int_participants__judging') }}

),

sides as (

    {%- for model, wins in [('model_a', 'win_a_count'), ('model_b', 'win_b_count')] %}
        {% if not loop.first %}union all{% endif %}
        select
            participant_key,
            dimension,
            {{ model }} as model_id,
            battle_count,
            verdict_count,
            {{ wins }} + (battle_count - win_a_count - win_b_count) * 0.5 as score
        from counts
    {%- endfor %}

),

spoken as (

    select
        participant_key,
        dimension,
        model_id,
        cast(sum(battle_count) as bigint) as battle_count,
        cast(round(sum(score) * 1000000000 / max(verdict_count)) as bigint) as score_nano,
        cast(round(sum(battle_count) * 1000000000 / max(verdict_count)) as bigint) as verdict_nano
    from sides
    group by participant_key, dimension, model_id

),

scored as (

    select
        judging.profile_number,
        spoken.dimension,
        spoken.model_id,
        count(*) as participant_count,
        sum(spoken.battle_count) as battle_count,
        sum(spoken.score_nano) as score_nano,
        sum(spoken.verdict_nano) as verdict_nano
    from spoken
    inner join judging on spoken.participant_key = judging.participant_key
    group by judging.profile_number, spoken.dimension, spoken.model_id

)

select * from scored
