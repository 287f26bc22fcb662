{#- The schema a model names is the schema it gets: `main` by default, no prefix per target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
