with

enrolments as (

    select * from {{ ref('stg_events__participants_enrolled') }}

),

corrections as (

    select * from {{ ref('stg_events__participants_corrected') }}

),

exclusions as (

    select * from {{ ref('stg_events__participants_excluded') }}

),

strikes as (

    select * from {{ ref('stg_events__strikes_issued') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

said as (

    {%- for relation in ['enrolments', 'corrections', 'exclusions'] %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            participant_key,
            position
        from {{ relation }}
    {%- endfor %}
    -- A strike by itself changes nothing of its participant; an appeal against it may.
    union all
    select
        strikes.event_id,
        strikes.participant_key,
        strikes.position
    from strikes
    inner join revised on strikes.event_id = revised.event_id

)

select
    said.participant_key,
    max(greatest(said.position, coalesce(revised.revised_position, 0)))
        as valid_from_position
from said
left join revised on said.event_id = revised.event_id
group by said.participant_key
