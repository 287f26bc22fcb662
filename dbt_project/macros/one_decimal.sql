{#- A number as people read it, with one decimal, and the sign of minus where it is below zero. -#}
{% macro one_decimal(number) -%}
    case when round({{ number }}, 1) < 0 then '−' else '' end
    || cast(cast(round(abs({{ number }}), 1) as decimal(18, 1)) as string)
{%- endmacro %}
