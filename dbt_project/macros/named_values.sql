{#- Columns and their values in words: `country = US, axis = null`. -#}
{% macro named_values(columns) -%}
    {%- set text = dbt.type_string() -%}
    concat(
        {%- for column in columns %}
        '{{ ', ' if not loop.first }}{{ column }} = ', coalesce(cast({{ column }} as {{ text }}), 'null')
        {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
