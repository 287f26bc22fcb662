{#- Where an engine of Spark's protocol writes a table: where DuckDB reads it (orchestration/spark_engine.py). By
itself it writes to a place of its own. -#}
{% macro spark__location_clause() -%}
    {%- if var('made_by_spark', none) -%}
        location '{{ var("made_by_spark") }}/{{ this.identifier }}'
    {%- endif -%}
{%- endmacro %}
