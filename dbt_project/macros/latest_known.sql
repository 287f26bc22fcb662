{#-
The last value by place that is not null, and the first: what a chain of corrections leaves standing.
Of max_by alone engines differ: where the last value is null, some take the one before, others null.
-#}
{% macro latest_known(column, place) -%}
    max_by({{ column }}, case when {{ column }} is not null then {{ place }} end)
{%- endmacro %}

{% macro first_known(column, place) -%}
    min_by({{ column }}, case when {{ column }} is not null then {{ place }} end)
{%- endmacro %}
