{{ config(materialized='view') }}
{#- Seen from the other side of a pair, a win is a loss. -#}
{%- set swapped = {'a': 'b', 'b': 'a', 'tie': 'tie', 'both_bad': 'both_bad'} -%}

with

given as (

    {%- for outcome in outcomes() %}
        {% if not loop.first %}union all{% endif %}
        select
            '{{ outcome }}' as outcome,
            {{ outcome_unit(outcome) }} as unit,
            {{ outcome_unit(swapped[outcome]) }} as swapped_unit
    {%- endfor %}

),

given_or_taken_back as (

    select
        outcome as verdict,
        unit,
        swapped_unit
    from given
    union all
    select
        {{ taken_back('outcome') }} as verdict,
        -unit as unit,
        -swapped_unit as swapped_unit
    from given

)

select * from given_or_taken_back
