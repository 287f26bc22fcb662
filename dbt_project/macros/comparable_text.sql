{#- Text as answers are compared: no case, no outer blanks, one kind of dash. -#}
{% macro comparable_text(value) -%}
    lower(trim(replace({{ value }}, '–', '-')))
{%- endmacro %}
