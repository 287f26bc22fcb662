{#- An outcome as a number, which is its place in a list: a function of one text alone, which an engine
can work out once a dictionary, not once a row. `outcome_numbers` has what each comes to. -#}
{% macro outcome_list() -%}
    {{ return('a,b,tie,both_bad') }}
{%- endmacro %}

{% macro outcome_number(outcome) -%}
    position({{ outcome }} in '{{ outcome_list() }}')
{%- endmacro %}

{% macro outcome_numbers() -%}
    {%- set numbers = {} -%}
    {%- for outcome in outcome_list().split(',') -%}
        {%- do numbers.update({outcome: outcome_list().find(outcome) + 1}) -%}
    {%- endfor -%}
    {{ return(numbers) }}
{%- endmacro %}
