{%- set micro_columns = [
    'skill', 'skill_sd', 'skill_lo', 'skill_hi', 'p_best', 'win_share', 'win_share_lo', 'win_share_hi'
] -%}

with

ratings as (

    select * from {{ source('ratings', 'topic_rating') }}

),

topics as (

    select * from {{ ref('seed_topics') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    ratings.topic,
    coalesce(topics.label, 'All sensitive topics') as topic_label,
    ratings.stratum_id,
    strata.country,
    strata.axis,
    strata.group_name,
    ratings.dimension,
    ratings.weighting,
    {{ is_weighted('ratings') }} as is_weighted,
    cast(ratings.rank as integer) as rank,
    ratings.model_id,
    models.display_name,
    models.provider,
    {%- for column in micro_columns %}
        ratings.{{ column }}_micro / 1e6 as {{ column }},
    {%- endfor %}
    cast(ratings.rank_lo as integer) as rank_lo,
    cast(ratings.rank_hi as integer) as rank_hi,
    cast(ratings.tier as integer) as tier,
    cast(max(ratings.tier) over board as integer) as tier_count,
    ratings.p_next_micro / 1e6 as p_next,
    ratings.next_battles_needed as battles_needed,
    ratings.next_people_needed as people_needed,
    ratings.battle_count,
    ratings.model_participant_count,
    ratings.is_provisional,
    ratings.model_count,
    cast(count(case when ratings.is_provisional then 1 end) over board as bigint)
        as provisional_model_count,
    ratings.tie_share_micro / 1e6 as tie_share,
    ratings.interval_basis,
    ratings.participant_count,
    ratings.effective_participant_count_micro / 1e6 as effective_participant_count,
    ratings.board_battle_count,
    ratings.board_battle_count - ratings.attributed_battle_count as unattributed_count,
    ratings.design_effect_micro / 1e6 as variance_ratio
from ratings
left join topics on ratings.topic = topics.topic
left join strata on ratings.stratum_id = strata.stratum_id
left join models on ratings.model_id = models.model_id
window
    board as (
        partition by
            ratings.topic, ratings.weighting, ratings.stratum_id, ratings.dimension
    )
