{#- Text values of a group joined in an explicit order; the name differs between engines. -#}
{% macro joined_text(value, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_text')(value, separator, order_by)) }}
{%- endmacro %}

{% macro duckdb__joined_text(value, separator, order_by) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_text(value, separator, order_by) -%}
    listagg({{ value }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}
