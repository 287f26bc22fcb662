{#- The table's grain holds: no two rows agree on these columns. -#}
{% test unique_grain(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
