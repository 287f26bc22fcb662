{#- The answers of participants that weighting reads. -#}
{% macro weighting_questions() -%}
    {{ return(['age', 'gender', 'ethnicity', 'politics', 'education']) }}
{%- endmacro %}
