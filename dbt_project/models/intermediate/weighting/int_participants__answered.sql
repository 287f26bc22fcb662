{#- Null answers stay: they are somebody whose level is unknown. -#}
{{ config(materialized='view') }}

with

participants as (

    select * from {{ ref('int_participants__current') }}

),

answered as (

    {%- for question in weighting_questions() %}
        {% if not loop.first %}union all{% endif %}
        select
            participant_key,
            country,
            '{{ question }}' as question,
            nullif({{ comparable_text(question) }}, '') as answer
        from participants
    {%- endfor %}

)

select * from answered
