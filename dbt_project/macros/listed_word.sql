{#- A word of a list as people write it, `a, b and c`: what comes before the word, and the word. -#}
{% macro listed_word(word, ordinal, count) -%}
    case
        when {{ ordinal }} = 1 then ''
        when {{ ordinal }} = {{ count }} then ' and '
        else ', '
    end || {{ word }}
{%- endmacro %}
