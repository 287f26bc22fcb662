{#-
However often somebody judges, they speak once in a dimension: a verdict is worth one over their
verdicts. In whole billionths, so that sums do not depend on order.
-#}
with

counts as (

    select * from {{ ref('int_participants__counted') }}

),

judging as (

    select * from {{ ref('int_participants__judging') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

sides as (

    {%- for model, wins in [
        ('model_a_number', 'win_a_count'), ('model_b_number', 'win_b_count')
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            participant_number,
            dimension_number,
            {{ model }} as model_number,
            battle_count,
            verdict_count,
            {{ wins }} + (battle_count - win_a_count - win_b_count) * 0.5 as score
        from counts
    {%- endfor %}

),

spoken as (

    select
        participant_number,
        dimension_number,
        model_number,
        cast(sum(battle_count) as bigint) as battle_count,
        cast(round(sum(score) * 1000000000 / max(verdict_count)) as bigint) as score_nano,
        cast(round(sum(battle_count) * 1000000000 / max(verdict_count)) as bigint) as verdict_nano
    from sides
    group by participant_number, dimension_number, model_number

),

scored as (

    select
        judging.profile_number,
        spoken.dimension_number,
        spoken.model_number,
        count(*) as participant_count,
        sum(spoken.battle_count) as battle_count,
        sum(spoken.score_nano) as score_nano,
        sum(spoken.verdict_nano) as verdict_nano
    from spoken
    inner join judging on spoken.participant_number = judging.participant_number
    group by judging.profile_number, spoken.dimension_number, spoken.model_number

),

final as (

    select
        scored.profile_number,
        dimensions.name as dimension,
        models.name as model_id,
        scored.participant_count,
        scored.battle_count,
        scored.score_nano,
        scored.verdict_nano
    from scored
    inner join dimensions on scored.dimension_number = dimensions.number
    inner join models on scored.model_number = models.number

)

select * from final
