{#- The moment so many microseconds after 1970 began; the name differs between engines. -#}
{% macro time_of_microseconds(microseconds) -%}
    {{ return(adapter.dispatch('time_of_microseconds')(microseconds)) }}
{%- endmacro %}

{% macro duckdb__time_of_microseconds(microseconds) -%}
    make_timestamptz({{ microseconds }})
{%- endmacro %}

{% macro spark__time_of_microseconds(microseconds) -%}
    timestamp_micros({{ microseconds }})
{%- endmacro %}
