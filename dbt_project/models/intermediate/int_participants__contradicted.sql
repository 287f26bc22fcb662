{#-
Which answer holds, int_participants__current says. Where somebody was enrolled twice, by two
files say, with different answers and nobody has corrected them since, that is worth a look: it is
counted in the diagnostics. Answers that mean the same, and refusals beside an answer, contradict nothing.
-#}
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

groups as (

    select * from {{ ref('int_answers__grouped') }}

),

refusals as (

    select {{ comparable_text('source_value') }} as answer
    from {{ ref('seed_crosswalk') }}
    where coding = 'any'

),

said as (

    {%- for relation, is_correction in [('enrolments', 'false'), ('corrections', 'true')] %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            participant_key,
            country,
            position,
            {{ weighting_questions() | join(', ') }},
            {{ is_correction }} as is_correction
        from {{ relation }}
        -- Somebody who enrolled once contradicts nobody, and nearly everybody did.
        where participant_key in (
            select repeated.participant_key from enrolments as repeated
            group by repeated.participant_key
            having count(*) > 1
        )
    {%- endfor %}

),

answered as (

    {%- for question in weighting_questions() %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            participant_key,
            country,
            position,
            is_correction,
            '{{ question }}' as question,
            nullif({{ comparable_text(question) }}, '') as answer
        from said
    {%- endfor %}

),

standing as (

    select answered.*
    from answered
    left join retracted on answered.event_id = retracted.event_id
    left join refusals on answered.answer = refusals.answer
    where retracted.event_id is null and refusals.answer is null and answered.answer is not null

),

meant as (

    select
        standing.*,
        max(case when standing.is_correction then standing.position end) over (
            partition by standing.participant_key, standing.question
        ) as corrected_position,
        coalesce(cast(groups.answer_group as string), standing.answer) as meaning
    from standing
    left join groups
        on
            standing.country = groups.country
            and standing.question = groups.question
            and standing.answer = groups.answer

)

select
    participant_key,
    question
from meant
where not is_correction and position > coalesce(corrected_position, -1)
group by participant_key, question
having count(distinct meaning) > 1
