with

margins as (

    select * from {{ ref('rpt_weighting_margin') }}

),

weightings as (

    select * from {{ ref('int_weightings__disclosed') }}
    where is_disclosed

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}

),

variables as (

    select * from {{ ref('seed_variables') }}

),

-- Schemes cut the same answers in different places, so that a small level could be had from two
-- of them: only the default scheme's levels are shown.
levels as (

    select
        margins.country,
        margins.scheme,
        margins.variable,
        margins.level,
        margins.participant_count,
        variables.question
    from margins
    inner join weightings
        on
            margins.country = weightings.country
            and margins.scheme = weightings.scheme
    inner join schemes
        on
            margins.scheme = schemes.scheme
            and schemes.is_default
    left join variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable

),

questions as (

    select
        country,
        question,
        count(distinct variable) as variable_count
    from levels
    where question is not null
    group by country, question

),

members as (

    select * from levels
    where participant_count > 0

),

judged as (

    {{ large_enough('members', ['country', 'scheme', 'variable'], 'level', 'participant_count') }}

),

shown as (

    select
        levels.*,
        questions.variable_count,
        coalesce(judged.is_large_enough, true) as is_large_enough,
        min(case when coalesce(judged.is_large_enough, true) then 1 else 0 end)
            over (partition by levels.country, levels.scheme, levels.variable)
        = 1 as is_variable_large
    from levels
    left join judged
        on
            levels.country = judged.country
            and levels.scheme = judged.scheme
            and levels.variable = judged.variable
            and levels.level = judged.level
    left join questions
        on
            levels.country = questions.country
            and levels.question = questions.question

)

-- Where two variables cut one answer, or one variable several, one that has small levels is hidden
-- whole: its other levels would give them away. A level with nobody in it is shown only where no
-- level is hidden: else each that is hidden would be known to have somebody in it.
select
    country,
    scheme,
    variable,
    level,
    is_large_enough
    and (
        is_variable_large
        or (participant_count > 0 and coalesce(variable_count = 1, false))
    ) as is_disclosed
from shown
