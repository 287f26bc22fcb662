{#- How many margins a weighting scheme may have: the width of the raking's tables. -#}
{% macro margins_max() -%}
    {{ return(6) }}
{%- endmacro %}

{#- Where more than one answer in so many is not understood, nobody is weighted to its variable. -#}
{% macro unrecognised_one_in() -%}
    {{ return(50) }}
{%- endmacro %}

{#- Worth fewer people than this, a weighted board is provisional. -#}
{% macro effective_people_min() -%}
    {{ return(50) }}
{%- endmacro %}

{#- How many steps collapse rules may have. -#}
{% macro collapse_steps_max() -%}
    {{ return(4) }}
{%- endmacro %}
