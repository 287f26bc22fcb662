{#- A name as names are compared: letters and digits alone, no case. `Gadfly, Inc.` is `gadfly inc`. -#}
{% macro folded_name(value) -%}
    {%- set comparable = comparable_text(value) -%}
    coalesce(
        nullif(regexp_replace({{ comparable }}, '[^\p{L}\p{N}]', '', 'g'), ''), {{ comparable }}
    )
{%- endmacro %}
