with

tallies as (

    select * from {{ ref('stg_events__battles_tallied') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

standing as (

    select tallies.*
    from tallies
    left join retracted on tallies.event_id = retracted.event_id
    where
        retracted.event_id is null
        and {{ happened_by('tallies.occurred_at') }}

),

-- One row per verdict value, as judged battles have it.
unfolded as (

    {%- for column, outcome in [
        ('win_a_count', 'a'), ('win_b_count', 'b'), ('tie_count', 'tie'),
        ('both_bad_count', 'both_bad')
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            dimension,
            model_a,
            model_b,
            '{{ outcome }}' as outcome,
            {{ column }} as battle_count
        from standing
        where {{ column }} > 0
    {%- endfor %}

)

select * from unfolded
