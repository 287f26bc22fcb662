{#- A name as names are compared: letters and digits alone, no case. `Gadfly, Inc.` is `gadfly inc`. -#}
{% macro folded_name(value) -%}
    {%- set comparable = comparable_text(value) -%}
    coalesce(
        nullif({{ letters_and_digits(comparable) }}, ''), {{ comparable }}
    )
{%- endmacro %}

{#- What is left of a text without all else; engines write the pattern each in its own way. -#}
{% macro letters_and_digits(value) -%}
    {{ return(adapter.dispatch('letters_and_digits')(value)) }}
{%- endmacro %}

{% macro duckdb__letters_and_digits(value) -%}
    regexp_replace({{ value }}, '[^\p{L}\p{N}]', '', 'g')
{%- endmacro %}

{#- It replaces every match, and its text literals take backslashes away. -#}
{% macro spark__letters_and_digits(value) -%}
    regexp_replace({{ value }}, '[^\\p{L}\\p{N}]', '')
{%- endmacro %}
