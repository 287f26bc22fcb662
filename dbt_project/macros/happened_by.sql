{#- Whether something had happened by the cut in valid time (`--valid-until`); true where there is no cut.
What has no time cannot be cut by time: it counts at every cut. -#}
{% macro happened_by(occurred_at) -%}
    {%- if var('valid_until', none) -%}
        (
            {{ occurred_at }} is null
            or {{ occurred_at }} <= cast('{{ var("valid_until") }}' as {{ type_of_times() }})
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
