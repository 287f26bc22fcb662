{#-
A profile is a country and the groups of all answers: those who share it have the same levels and so
the same weights. There are thousands of profiles however many the participants.
-#}
with

participants as (

    select * from {{ ref('int_participants__current') }}

),

groups as (

    select * from {{ ref('int_answers__grouped') }}

),

grouped as (

    select
        participants.participant_key,
        participants.country,
    {%- for question in weighting_questions() %}
        coalesce({{ question }}_groups.answer_group, 0) as {{ question }}_group
        {{- ',' if not loop.last }}
    {%- endfor %}
    from
        participants
    {%- for question in weighting_questions() %}
        left join groups as {{ question }}_groups
            on
                {{ question }}_groups.question = '{{ question }}'
                and participants.country = {{ question }}_groups.country
                and {{ comparable_text('participants.' ~ question) }}
                = {{ question }}_groups.answer
    {%- endfor %}

)

select
    *,
    cast(dense_rank() over (
        order by
            country
            {%- for question in weighting_questions() -%}
                , {{ question }}_group
            {%- endfor %}
    ) as integer) as profile_number
from grouped
