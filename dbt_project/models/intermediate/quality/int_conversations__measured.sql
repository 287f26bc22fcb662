{{ config(materialized='view') }}

with

conversations as (

    select * from {{ ref('int_conversations__current') }}

),

labelled as (

    select * from {{ ref('int_conversations__labelled') }}

),

united as (

    select
        conversations.participant_key,
        conversations.conversation_id,
        labelled.label || ':' || labelled.value as measure,
        cast(labelled.value_count as double) / labelled.judge_count as measured_value,
        labelled.judge_count as basis_count
    from labelled
    inner join conversations on labelled.conversation_id = conversations.conversation_id
    {%- for name, value, basis in conversation_measures() %}
        union all
        select
            participant_key,
            conversation_id,
            '{{ name }}' as measure,
            cast({{ value }} as double) as measured_value,
            cast({{ basis }} as bigint) as basis_count
        from conversations
    {%- endfor %}

)

select * from united
where measured_value is not null
