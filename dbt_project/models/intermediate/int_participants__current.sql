{%- set answers = ['country', 'age', 'gender', 'ethnicity', 'politics', 'education'] -%}

with

enrolments as (

    select * from {{ ref('stg_events__participants_enrolled') }}

),

corrections as (

    select * from {{ ref('stg_events__participants_corrected') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

answered as (

    select event_id, participant_key, position, occurred_at, {{ answers | join(', ') }}
    from enrolments
    union all
    select event_id, participant_key, position, occurred_at, {{ answers | join(', ') }}
    from corrections

),

standing as (

    select answered.*
    from answered
    left join retracted on answered.event_id = retracted.event_id
    where retracted.event_id is null

)

select
    participant_key,
    {%- for answer in answers %}
        {{ latest_known(answer) }} as {{ answer }},
    {%- endfor %}
    min(occurred_at) as enrolled_at
from standing
group by participant_key
