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

-- Each wording is made comparable once, however many people gave it.
{% for question in weighting_questions() %}
    {{ question }}_wordings as (

        select
            worded.country,
            worded.wording,
            groups.answer_group
        from (
            select distinct
                country,
                {{ question }} as wording
            from participants
        ) as worded
        inner join groups
            on
                worded.country = groups.country
                and {{ comparable_text('worded.wording') }} = groups.answer
        where groups.question = '{{ question }}'

    ),
{% endfor %}
grouped as (

    select
        participants.participant_key,
        participants.country,
    {%- for question in weighting_questions() %}
        coalesce({{ question }}_wordings.answer_group, 0) as {{ question }}_group
        {{- ',' if not loop.last }}
    {%- endfor %}
    from
        participants
    {%- for question in weighting_questions() %}
    left join {{ question }}_wordings
        on
            participants.country = {{ question }}_wordings.country
            and participants.{{ question }} = {{ question }}_wordings.wording
    {%- endfor %}

)

select
    *,
    cast(dense_rank() over (
        order by
            country nulls last
            {%- for question in weighting_questions() -%}
                , {{ question }}_group
            {%- endfor %}
    ) as integer) as profile_number
from grouped
