{#- Text as answers are compared: no case, no outer blanks, one kind of blank, dash, apostrophe and
quotation mark. Word processors and survey tools put theirs in the place of the plain ones. -#}
{% macro comparable_text(value) -%}
    {#- Hyphens, dashes of any length, the minus sign, the soft hyphen; small and wide ones. -#}
    {%- set dashes = '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\u2043\ufe58\ufe63\uff0d' -%}
    {#- Tabs, ends of lines, no-break blanks, blanks of other widths. -#}
    {%- set blanks = '\t\n\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008'
        ~ '\u2009\u200a\u2028\u2029\u202f\u205f\u3000' -%}
    {%- set apostrophes = '\u2018\u2019\u201b\u02bc\u2032\u00b4\u0060\uff07' -%}
    {%- set quotation_marks = '\u201c\u201d\u201e\u201f\u2033\uff02' -%}
    {#- What has no width is left out: translate drops what has no counterpart. -#}
    {%- set invisible = '\u200b\u200c\u200d\u2060\ufeff' -%}
    {%- set plain = '-' * (dashes | length) ~ ' ' * (blanks | length)
        ~ "''" * (apostrophes | length) ~ '"' * (quotation_marks | length) -%}
    lower(trim(replace(replace(
        translate(
            {{ value }},
            '{{ dashes ~ blanks ~ apostrophes ~ quotation_marks ~ invisible }}',
            '{{ plain }}'
        ), '  ', ' '), '  ', ' '
    )))
{%- endmacro %}
