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

),

latest as (

    select
        said.participant_key,
        max(greatest(said.position, coalesce(revised.revised_position, 0)))
            as valid_from_position
    from said
    left join revised on said.event_id = revised.event_id
    group by said.participant_key

)

select * from latest
