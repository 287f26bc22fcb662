{#- The last value by position that is not null: what a chain of corrections leaves standing. -#}
{% macro latest_known(column) -%}
    max_by({{ column }}, case when {{ column }} is not null then position end)
{%- endmacro %}
