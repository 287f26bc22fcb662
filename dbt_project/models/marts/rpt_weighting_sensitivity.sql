with

counts as (

    select * from {{ ref('fct_participant_count') }}

),

participants as (

    select * from {{ ref('int_participants__with_verdicts') }}
    where profile_number is not null

),

weights as (

    select * from {{ ref('int_profiles__weighted') }}
    where country is not null

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}

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

-- However often somebody judges, their weight is one in a dimension: a verdict is worth one over
-- their verdicts. In whole billionths, so that sums do not depend on order.
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

scores as (

    select
        participants.profile_number,
        spoken.dimension,
        spoken.model_id,
        count(*) as participant_count,
        sum(spoken.battle_count) as battle_count,
        sum(spoken.score_nano) as score_nano,
        sum(spoken.verdict_nano) as verdict_nano
    from spoken
    inner join participants on spoken.participant_key = participants.participant_key
    group by participants.profile_number, spoken.dimension, spoken.model_id

),

weighted as (

    select
        weights.country,
        weights.scheme,
        scores.dimension,
        scores.model_id,
        sum(scores.participant_count) as participant_count,
        sum(scores.battle_count) as battle_count,
        cast(
            sum(cast(weights.weight_micro as decimal(38, 0)) * scores.score_nano) as double
        ) / nullif(
            cast(
                sum(cast(weights.weight_micro as decimal(38, 0)) * scores.verdict_nano) as double
            ), 0
        ) as score_mean
    from scores
    inner join weights on scores.profile_number = weights.profile_number
    group by weights.country, weights.scheme, scores.dimension, scores.model_id

),

ranked as (

    select
        weighted.*,
        schemes.is_default,
        rank() over (
            partition by weighted.country, weighted.scheme, weighted.dimension
            order by weighted.score_mean desc
        ) as score_rank
    from weighted
    inner join schemes on weighted.scheme = schemes.scheme

)

select
    ranked.country,
    ranked.scheme,
    ranked.dimension,
    ranked.model_id,
    ranked.is_default,
    cast(ranked.participant_count as bigint) as participant_count,
    cast(ranked.battle_count as bigint) as battle_count,
    ranked.score_mean,
    cast(ranked.score_rank as integer) as score_rank,
    ranked.score_mean - defaults.score_mean as default_score_difference,
    cast(ranked.score_rank - defaults.score_rank as integer) as default_rank_difference
from ranked
left join ranked as defaults
    on
        ranked.country = defaults.country
        and ranked.dimension = defaults.dimension
        and ranked.model_id = defaults.model_id
        and defaults.is_default
