{#- Text values of a group joined in an explicit order; the name differs between engines. -#}
{% macro joined_text(value, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_text')(value, separator, order_by)) }}
{%- endmacro %}

{% macro default__joined_text(value, separator, order_by) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_text(value, separator, order_by) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ order_by }} as ordinal, {{ value }} as word))),
            entry -> entry.word
        ),
        '{{ separator }}'
    )
{%- endmacro %}
