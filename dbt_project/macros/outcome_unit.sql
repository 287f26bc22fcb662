{#-
Four counts in one number. A verdict's unit is 1, 2^31, 2^62 or 2^93 by its outcome, so that a sum of
units is a number of four digits to the base 2^31, each the count of one outcome. One sum costs a group
of rows what one count does, and a negative unit takes a verdict out again. A digit holds 2,147,483,647
verdicts of one cell or participant on one pair and dimension.
-#}
{% macro outcomes() -%}
    {{ return(['a', 'b', 'tie', 'both_bad']) }}
{%- endmacro %}

{% macro outcome_unit(outcome) -%}
    (cast(1 as hugeint) << {{ 31 * outcomes().index(outcome) }})
{%- endmacro %}

{#- How it is said that a verdict of this outcome, a text, no longer stands. -#}
{% macro taken_back(outcome) -%}
    'not ' || {{ outcome }}
{%- endmacro %}

{#- How often an outcome is in a sum of units. -#}
{% macro outcome_count(units, outcome) -%}
    cast(({{ units }} >> {{ 31 * outcomes().index(outcome) }}) & 2147483647 as bigint)
{%- endmacro %}
