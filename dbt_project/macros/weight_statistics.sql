{#-
Kish's design effect: by how much unequal weights inflate a variance. 1 where all are equal. A row may
stand for several people of the same weight.
-#}
{% macro kish_design_effect(weight, people='1') -%}
    sum({{ people }}) * sum({{ people }} * {{ weight }} * {{ weight }})
    / (sum({{ people }} * {{ weight }}) * sum({{ people }} * {{ weight }}))
{%- endmacro %}

{#- Absolute standardised mean difference of a share from its target, in standard deviations of the target. -#}
{% macro asmd(share, target) -%}
    abs({{ share }} - {{ target }}) / nullif(sqrt({{ target }} * (1 - {{ target }})), 0)
{%- endmacro %}
