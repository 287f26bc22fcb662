with

variables as (

    select * from {{ ref('seed_variables') }}

),

bands as (

    select * from {{ ref('seed_age_bands') }}

),

participants as (

    select * from {{ ref('int_participants__current') }}

),

crosswalk as (

    select
        coding,
        {{ comparable_text('source_value') }} as answer,
        level
    from {{ ref('seed_crosswalk') }}

),

-- The name of a level always stands for itself.
named as (

    select
        country,
        variable,
        {{ comparable_text('level') }} as answer,
        level
    from {{ ref('seed_targets') }}
    union
    select
        country,
        variable,
        {{ comparable_text('level') }} as answer,
        level
    from {{ ref('seed_untargeted_levels') }}

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

answered as (

    select
        country,
        question,
        {{ comparable_text('wording') }} as answer
    from worded

),

answers as (

    select distinct
        country,
        question,
        answer
    from answered
    where answer <> ''

),

aged as (

    select
        variables.country,
        variables.variable,
        variables.coding,
        answers.question,
        answers.answer,
        cast(nullif(regexp_extract(answers.answer, '{{ years_pattern() }}', 1), '') as integer)
            as age_from,
        cast(nullif(regexp_extract(answers.answer, '{{ years_pattern() }}', 2), '') as integer)
            as age_to,
        regexp_extract(answers.answer, '{{ years_pattern() }}', 3)
        || regexp_extract(answers.answer, '{{ years_pattern() }}', 4) <> '' as is_open
    from answers
    inner join variables
        on
            answers.country = variables.country
            and answers.question = variables.question

)

select
    aged.country,
    aged.question,
    aged.variable,
    aged.answer,
    coalesce(named.level, crosswalk.level, refusals.level, bands.level) as level
from aged
left join named
    on
        aged.country = named.country
        and aged.variable = named.variable
        and aged.answer = named.answer
left join crosswalk
    on
        aged.coding = crosswalk.coding
        and aged.answer = crosswalk.answer
left join crosswalk as refusals
    on
        refusals.coding = 'any'
        and aged.answer = refusals.answer
-- A band of years has a level where it fits whole.
left join bands
    on
        aged.coding = bands.coding
        and aged.age_from >= bands.age_from
        and case
            when aged.is_open then 120 else coalesce(aged.age_to, aged.age_from)
        end between aged.age_from and bands.age_to
