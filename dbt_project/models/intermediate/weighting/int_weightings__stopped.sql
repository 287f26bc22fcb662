{#-
Where more than one answer in fifty is a wording that no seed explains, a margin would be met by the
wrong people: the scheme weights nobody in that country, until seed_crosswalk has the rows.
-#}
with

judging as (

    select participant_key from {{ ref('int_participants__with_verdicts') }}
    where profile_number is not null

),

participants as (

    select * from {{ ref('int_participants__current') }}

),

levelled as (

    select * from {{ ref('int_answers__levelled') }}

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

parts as (

    select * from {{ ref('seed_joint_parts') }}

),

-- Each wording is made comparable once, however many people gave it.
worded as (

    {%- for question in weighting_questions() %}
        {% if not loop.first %}union all{% endif %}
        select
            participants.country,
            '{{ question }}' as question,
            participants.{{ question }} as wording,
            count(*) as participant_count
        from participants
        inner join judging on participants.participant_key = judging.participant_key
        group by participants.country, participants.{{ question }}
    {%- endfor %}

),

answered as (

    select
        country,
        question,
        {{ comparable_text('wording') }} as answer,
        participant_count
    from worded

),

answers as (

    select
        country,
        question,
        answer,
        cast(sum(participant_count) as bigint) as participant_count,
        sum(sum(participant_count)) over (partition by country, question) as answered_count
    from answered
    where answer <> ''
    group by country, question, answer

),

unrecognised as (

    select
        answers.country,
        levelled.variable,
        max(answers.answered_count) as answered_count,
        sum(answers.participant_count) as unrecognised_count,
        {{ joined_text(
            "answers.answer || ' (' || cast(answers.participant_count as string) || ')'",
            ', ', 'answers.answer'
        ) }} as wordings
    from answers
    inner join levelled
        on
            answers.country = levelled.country
            and answers.question = levelled.question
            and answers.answer = levelled.answer
    where levelled.level is null
    group by answers.country, levelled.variable

),

weighted_variables as (

    select distinct
        margins.scheme,
        margins.country,
        coalesce(parts.part_variable, margins.variable) as variable
    from margins
    left join parts
        on
            margins.country = parts.country
            and margins.variable = parts.variable

)

select
    weighted_variables.scheme,
    weighted_variables.country,
    weighted_variables.variable,
    cast(unrecognised.answered_count as bigint) as answered_count,
    cast(unrecognised.unrecognised_count as bigint) as unrecognised_count,
    unrecognised.wordings
from weighted_variables
inner join unrecognised
    on
        weighted_variables.country = unrecognised.country
        and weighted_variables.variable = unrecognised.variable
where unrecognised.unrecognised_count * {{ unrecognised_one_in() }} > unrecognised.answered_count
