{#-
Counting by numbers costs a third of counting by names. Numbers are in the order of the names, so that
the lesser number is the lesser name.
-#}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

tallies as (

    select * from {{ ref('int_tallies__current') }}

),

named as (

    {%- for relation in ['battles', 'tallies'] %}
        {%- set is_first = loop.first %}
        {%- for kind, column in [
            ('dimension', 'dimension'), ('model', 'model_a'), ('model', 'model_b')
        ] %}
            {% if not (is_first and loop.first) %}union{% endif %}
            select
                '{{ kind }}' as kind,
                found.{{ column }} as name
            from (select distinct {{ column }} from {{ relation }}) as found
        {%- endfor %}
    {%- endfor %}

),

numbered as (

    select
        kind,
        name,
        cast(row_number() over (partition by kind order by name) as integer) as number
    from named

)

select * from numbered
