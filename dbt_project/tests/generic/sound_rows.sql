{#-
No two rows agree on any of these sets of columns, and no row lacks one of those. A test found a row: it
says which fault the row has, and names the row. One test a table, not one a column or a promise: what a
test costs is its start, not its query.
-#}
{% test sound_rows(model, unique=[], never_null=[]) %}
    {%- for columns in unique %}
    select
        'repeated' as fault,
        {{ named_values(columns) }} as found
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
    {{ 'union all' if never_null or not loop.last }}
    {%- endfor %}
    {%- if never_null %}
    select
        'a value is missing' as fault,
        {{ named_values(never_null) }} as found
    from {{ model }}
    where
        {%- for column in never_null %}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}
    {%- endif %}
{% endtest %}
