{#-
What became of the few battles that a correction or retraction is about, by the place of the battle in
the log: so that event ids, which are long and all different, are read only where there are any. A table
of its own because int_battles__current is a view that is read many times.
-#}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

corrected as (

    select
        corrections.target_event_id as event_id,
        max_by(corrections.outcome, corrections.position) as outcome
    from {{ ref('stg_events__events_corrected') }} as corrections
    left join revised on corrections.event_id = revised.event_id
    where revised.retracted_position is null
    group by corrections.target_event_id

)

select
    battles.position,
    revised.revised_position,
    corrected.outcome as corrected_outcome,
    corrected.event_id is not null as is_corrected,
    revised.retracted_position is not null as is_retracted
from battles
inner join revised on battles.event_id = revised.event_id
left join corrected on battles.event_id = corrected.event_id
