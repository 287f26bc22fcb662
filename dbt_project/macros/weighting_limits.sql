{#- How many margins a weighting scheme may have: the width of the raking's tables. -#}
{% macro margins_max() -%}
    {{ return(6) }}
{%- endmacro %}

{#- How many steps collapse rules may have. -#}
{% macro collapse_steps_max() -%}
    {{ return(4) }}
{%- endmacro %}
