{#-
No two rows agree on any of these sets of columns, and no row lacks one of those. The test selects each
row that breaks this, with the fault it has. It is one test a table, not one a column: what a test costs
is its start, not its query.
-#}
{% test unique_and_not_null(model, unique=[], never_null=[]) %}
    {%- set faults = [] -%}
    {%- for columns in unique -%}
        {%- do faults.append(('repeated', columns)) -%}
    {%- endfor -%}
    {%- if never_null -%}
        {%- do faults.append(('a value is missing', never_null)) -%}
    {%- endif -%}
    {%- for fault, columns in faults %}
    select
        '{{ fault }}' as fault,
        concat(
            {%- for column in columns %}
            '{{ ', ' if not loop.first }}{{ column }} = ',
            coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null'){{ ',' if not loop.last }}
            {%- endfor %}
        ) as found
    from {{ model }}
        {%- if fault == 'repeated' %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
        {%- else %}
    where {{ columns | join(' is null or ') }} is null
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endtest %}
