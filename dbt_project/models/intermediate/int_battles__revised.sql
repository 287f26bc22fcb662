{#-
What became of the few battles that a correction or retraction is about, by the place of the battle in
the log: so that event ids, which are long and all different, are read only where there are any. A table
of its own because int_battles__current is a view that is read many times.

Each column of a battle is as the latest correction that stands and gives it says; a name of a model is
said where that correction is. A battle whose dimension was corrected to one that the same battle has a
verdict in already is said twice there.
-#}
{%- set columns = ['outcome', 'model_a', 'model_b', 'dimension', 'judged_at', 'participant_key'] -%}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

corrections as (

    select
        corrections.target_event_id,
        corrections.outcome,
        corrections.model_a,
        corrections.model_b,
        corrections.dimension,
        corrections.judged_at,
        -- Version 1 corrected outcomes alone; a participant was the person who corrected.
        case when corrections.schema_version >= 2 then corrections.participant_key end
            as participant_key,
        corrections.position
    from {{ ref('stg_events__events_corrected') }} as corrections
    left join revised on corrections.event_id = revised.event_id
    where revised.retracted_position is null

),

corrected as (

    select
        target_event_id as event_id,
        {%- for column in columns %}
            {{ latest_known(column, 'position') }} as {{ column }},
        {%- endfor %}
        max(case when model_a is not null then position end) as model_a_position,
        max(case when model_b is not null then position end) as model_b_position
    from corrections
    group by target_event_id

),

known as (

    select
        battles.position,
        battles.battle_key,
        battles.dimension as said_dimension,
        revised.revised_position,
        {%- for column in columns %}
            corrected.{{ column }} as corrected_{{ column }},
        {%- endfor %}
        corrected.model_a_position,
        corrected.model_b_position,
        corrected.event_id is not null as is_corrected,
        revised.retracted_position is not null as is_retracted
    from battles
    inner join revised on battles.event_id = revised.event_id
    left join corrected on battles.event_id = corrected.event_id

),

-- The first one has the place: a verdict that was said of the dimension, or the earlier one.
said_twice as (

    select distinct moved.position
    from known as moved
    inner join battles as others
        on
            moved.battle_key = others.battle_key
            and moved.position <> others.position
    left join known as others_known on others.position = others_known.position
    where
        moved.corrected_dimension <> moved.said_dimension
        and not moved.is_retracted
        and moved.corrected_dimension
        = coalesce(others_known.corrected_dimension, others.dimension)
        and not coalesce(others_known.is_retracted, false)
        and (
            coalesce(others_known.corrected_dimension, others.dimension) = others.dimension
            or others.position < moved.position
        )

)

select
    known.position,
    known.revised_position,
    {%- for column in columns %}
        known.corrected_{{ column }},
    {%- endfor %}
    known.model_a_position,
    known.model_b_position,
    known.is_corrected,
    known.is_retracted,
    said_twice.position is not null as is_said_twice
from known
left join said_twice on known.position = said_twice.position
