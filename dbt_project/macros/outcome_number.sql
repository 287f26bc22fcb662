{#- An outcome as a number, which is its place in a list: a function of one text alone, which an engine
can work out once a dictionary, not once a row. `outcome_numbers` has what each comes to. -#}
{% macro outcome_number(outcome) -%}
    position({{ outcome }} in 'a,b,tie,both_bad')
{%- endmacro %}

{% macro outcome_numbers() -%}
    {{ return({'a': 1, 'b': 3, 'tie': 5, 'both_bad': 9}) }}
{%- endmacro %}
