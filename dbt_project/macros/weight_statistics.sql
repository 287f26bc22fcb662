{#- Kish's design effect: by how much unequal weights inflate a variance. 1 where all are equal. -#}
{% macro kish_design_effect(weight) -%}
    count(*) * sum({{ weight }} * {{ weight }}) / (sum({{ weight }}) * sum({{ weight }}))
{%- endmacro %}

{#- Absolute standardised mean difference of a share from its target, in standard deviations of the target. -#}
{% macro asmd(share, target) -%}
    abs({{ share }} - {{ target }}) / nullif(sqrt({{ target }} * (1 - {{ target }})), 0)
{%- endmacro %}
