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
worded as (

    {%- for question in weighting_questions() %}
        {% if not loop.first %}union all{% endif %}
        select distinct
            country,
            '{{ question }}' as question,
            {{ question }} as wording
        from participants
    {%- endfor %}

),

wordings as (

    select
        worded.country,
        worded.question,
        worded.wording,
        groups.answer_group
    from worded
    inner join groups
        on
            worded.question = groups.question
            and worded.country = groups.country
            and {{ comparable_text('worded.wording') }} = groups.answer

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
        left join wordings as {{ question }}_groups
            on
                {{ question }}_groups.question = '{{ question }}'
                and participants.country = {{ question }}_groups.country
                and participants.{{ question }} = {{ question }}_groups.wording
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
