{#- The last value by place that is not null: what a chain of corrections leaves standing. -#}
{% macro latest_known(column, place) -%}
    max_by({{ column }}, case when {{ column }} is not null then {{ place }} end)
{%- endmacro %}
