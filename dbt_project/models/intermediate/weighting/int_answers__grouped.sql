{#- Answers that stand for the same level of every variable are one group; group 0 is no answer. -#}
with

levelled as (

    select * from {{ ref('int_answers__levelled') }}

),

described as (

    select
        country,
        question,
        answer,
        {{ joined_text("coalesce(level, '?')", '|', 'variable') }} as levels
    from levelled
    group by country, question, answer

)

select
    country,
    question,
    answer,
    cast(dense_rank() over (order by country nulls last, question, levels) as integer)
        as answer_group
from described
