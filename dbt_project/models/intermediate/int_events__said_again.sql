{#-
An event that was retracted and then said again has the next generation of its id: HASH:KEYS, then
HASH~2:KEYS, HASH~3:KEYS (ingestion/log/retractions.py). The later one takes the earlier one's place for
good, even where the retraction is taken back: else both would count.

A later generation follows a retraction of the one before it, so ids, which are long and all different,
are read only where something was retracted.
-#}
{%- set types = [
    'battles_judged', 'battles_scheduled', 'battles_tallied', 'benchmarks_reported',
    'conversations_labelled', 'conversations_recorded', 'events_corrected', 'events_retracted',
    'experiences_rated', 'models_aliased', 'models_registered', 'models_retired',
    'participants_corrected', 'participants_enrolled', 'participants_excluded', 'strikes_issued',
] -%}
{%- set pattern = "^([^:~]+)~([0-9]+)(:.*)?$" -%}
with

retracted as (

    select distinct target_event_id as event_id
    from {{ ref('stg_events__events_retracted') }}

),

following as (

    select
        event_id as earlier_event_id,
        split_part(split_part(event_id, ':', 1), '~', 1)
        || '~'
        || cast(
            coalesce(cast(nullif(regexp_extract(event_id, '{{ pattern }}', 2), '') as integer), 1) + 1
            as varchar
        )
        || substr(event_id, length(split_part(event_id, ':', 1)) + 1) as event_id
    from retracted

),

events as (

    {%- for type in types %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            position
        from {{ ref('stg_events__' ~ type) }}
    {%- endfor %}

)

select
    following.earlier_event_id as event_id,
    events.position as followed_position
from following
inner join events on following.event_id = events.event_id
