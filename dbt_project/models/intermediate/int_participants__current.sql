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

    {%- for relation, is_correction in [('enrolments', 'false'), ('corrections', 'true')] %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            participant_key,
            source,
            position,
            occurred_at,
            {{ is_correction }} as is_correction,
            {{ answers | join(', ') }}
        from {{ relation }}
    {%- endfor %}

),

standing as (

    select answered.*
    from answered
    left join retracted on answered.event_id = retracted.event_id
    where retracted.event_id is null

),

-- Anybody may enrol a panel's people (participants_of), so of several sources the one that enrolled
-- somebody first has the word; others only answer what it leaves open. The operator's corrections,
-- and the panel's own, stand above all: a file of another source may not have them.
owned as (

    select
        *,
        first_value(source) over (
            partition by participant_key
            order by is_correction asc, position asc
        ) as first_source
    from standing

),

placed as (

    select
        *,
        row_number() over (
            partition by participant_key
            order by
                case
                    when is_correction then 2
                    when source is not distinct from first_source then 1
                    else 0
                end asc,
                position asc
        ) as place
    from owned

)

select
    participant_key,
    {%- for answer in answers %}
        {{ latest_known(answer, 'place') }} as {{ answer }},
    {%- endfor %}
    min(occurred_at) as enrolled_at
from placed
group by participant_key
