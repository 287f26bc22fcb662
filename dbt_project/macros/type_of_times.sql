{#- The type of a time with its zone; the name differs between engines. -#}
{% macro type_of_times() -%}
    {{ return(adapter.dispatch('type_of_times')()) }}
{%- endmacro %}

{% macro duckdb__type_of_times() -%}
    timestamp with time zone
{%- endmacro %}

{% macro spark__type_of_times() -%}
    timestamp
{%- endmacro %}
