{%- set nobody_knows = 'unknown' -%}

with

participants as (

    select * from {{ ref('int_participants__celled') }}

),

counted as (

    select
        cell_key,
        country,
        count(*) as participant_count
    from participants
    group by cell_key, country

),

-- Verdicts of people nobody knows anything about still count for everybody.
completed as (

    select * from counted
    union all
    select
        '{{ nobody_knows }}' as cell_key,
        null as country,
        0 as participant_count

),

final as (

    select
        cast(row_number() over (order by cell_key) as integer) as cell_id,
        cast(cell_key as varchar) as cell_key,
        cast(country as varchar) as country,
        cast(participant_count as bigint) as participant_count
    from completed

)

select * from final
