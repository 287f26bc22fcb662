{#-
Years, or a band of years: 34, 34.5 years, 18-24 yrs, 25 to 34 y.o., 65+, 55 years and over. A part
of a year is left out: who is 34.5 is 34. Groups: from, to, and two that say the band is open.
-#}
{% macro years_pattern() -%}
{%- set decimals = '(?:[.,][0-9]+)?' -%}
{%- set unit = '(?: ?(?:years?|yrs?[.]?|y[.]?|y[./]?o[.]?))?' -%}
{%- set open_end = '( ?[+]| (?:or|and|&) (?:older|over|above))' -%}
^([0-9]{1,3}){{ decimals }}{{ unit }}(?: ?(?:-|to) ?([0-9]{1,3}){{ decimals }})?( ?[+])?
{{- unit }}(?: of age)?(?: old)?{{ open_end }}?$
{%- endmacro %}
