{{ config(materialized='view') }}
{%- set measures = conversation_measures() -%}

with

conversations as (

    select * from {{ ref('int_conversations__current') }}

),

labelled as (

    select * from {{ ref('int_conversations__labelled') }}

),

{%- for name, value, basis in measures %}

{{ name }}_measured as (

    select
        participant_key,
        conversation_id,
        '{{ name }}' as measure,
        cast({{ value }} as double) as measured_value,
        cast({{ basis }} as bigint) as basis_count
    from conversations

),
{%- endfor %}

label_measured as (

    select
        conversations.participant_key,
        conversations.conversation_id,
        labelled.label || ':' || labelled.value as measure,
        cast(labelled.value_count as double) / labelled.judge_count as measured_value,
        labelled.judge_count as basis_count
    from labelled
    inner join conversations on labelled.conversation_id = conversations.conversation_id

),

united as (

    select * from label_measured
    {%- for name, value, basis in measures %}
        union all
        select * from {{ name }}_measured
    {%- endfor %}

)

select * from united
where measured_value is not null
