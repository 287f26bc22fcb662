{#- The name of a cell of a joint table: the levels of its parts, in their order. -#}
{% macro joint_level() -%}
    level_1 || ' / ' || level_2 || coalesce(' / ' || level_3, '')
{%- endmacro %}
