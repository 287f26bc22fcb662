{#-
Tables and views in DuckDB by `create or replace`: one transaction, everything in one statement's text. What
dbt does for every adapter (make beside, rename the old away, rename the new, drop the old, ask for columns
before commenting on them) comes to the same here, because DuckDB replaces within a transaction. It costs
more than most queries: dbt's macros take the time, not the database. Indexes, grants and foreign keys are
left out; this project has none. A table in Python returns a relation of the connection it is given, so it is
replaced within the transaction too.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {#- dbt lets a materialization itself run Python, and no macro that it calls. -#}
    {%- if model.language == 'python' -%}
        {%- call statement('main', language='python') -%}
{{ table_from_python(this.incorporate(type='table'), load_cached_relation(this), compiled_code) }}
        {%- endcall -%}
    {%- endif -%}
    {{ return(create_or_replace('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(create_or_replace('view')) }}
{% endmaterialization %}

{% macro create_or_replace(kind) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set made = this.incorporate(type=kind) -%}
    {%- set is_promised = config.get('contract').enforced -%}
    {#- Made by another engine: its rows, under the types and comments that are promised here. -#}
    {%- set made_by_spark = var('made_by_spark', none) -%}
    {%- if kind == 'table' and made_by_spark and 'wide' in model.tags -%}
        {%- set sql = "select * from read_parquet('" ~ made_by_spark ~ '/' ~ this.identifier ~ "/*.parquet')" -%}
    {%- endif -%}
    {%- if pre_hooks -%}
        {{ run_hooks(pre_hooks, inside_transaction=False) }}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- endif -%}
    {%- if is_promised -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif -%}
    {%- set is_python = model.language == 'python' -%}
    {%- call statement('comments' if is_python else 'main') -%}
        {#- A statement is never empty. -#}
        {%- if is_python %}select 1;{% endif %}
        {%- if not is_python %}
        {%- if existing is not none and existing.type != kind -%}
            drop {{ existing.type }} {{ existing }};
        {%- endif %}
        create or replace {{ kind }} {{ made }}
        {%- if is_promised and kind == 'table' %}
            {{ get_table_columns_and_constraints() }};
            insert into {{ made }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
        {%- else %} as (
            {{ sql }}
        );
        {%- endif %}
        {%- endif %}
        {%- if config.persist_relation_docs() and model.description %}
            comment on {{ kind }} {{ made }} is {{ duckdb_escape_comment(model.description) }};
        {%- endif %}
        {%- for column in model.columns.values() if config.persist_column_docs() and column.description %}
            comment on column {{ made }}.{{ adapter.quote(column.name) if column.quote else column.name }}
            is {{ duckdb_escape_comment(column.description) }};
        {%- endfor %}
    {%- endcall -%}
    {%- if post_hooks -%}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- endif -%}
    {{ adapter.commit() }}
    {%- if post_hooks -%}
        {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- endif -%}
    {{ return({'relations': [made]}) }}
{% endmacro %}

{#- The program of a table in Python, and how its rows are stored: dbt calls `materialize` itself. -#}
{% macro table_from_python(made, existing, code) %}
{{ code }}

def materialize(rows, connection):
    {%- if existing is not none and existing.type != 'table' %}
    connection.execute('drop {{ existing.type }} {{ existing }}')
    {%- endif %}
    connection.register('rows_of_{{ made.identifier }}', rows)
    connection.execute('create or replace table {{ made }} as from rows_of_{{ made.identifier }}')
    connection.unregister('rows_of_{{ made.identifier }}')
    # dbt opens an event loop in this thread, for programs that want one, and leaves it open.
    import asyncio
    loop = asyncio.get_event_loop()
    if not loop.is_running():
        loop.close()
        asyncio.set_event_loop(None)
{% endmacro %}
