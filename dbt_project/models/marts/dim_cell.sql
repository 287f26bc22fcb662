with

participants as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

-- Verdicts of people nobody knows anything about still count for everybody.
completed as (

    select
        cell_id,
        cell_key,
        country,
        count(*) as participant_count
    from participants
    group by cell_id, cell_key, country
    union all
    select
        coalesce(max(cell_id), 0) + 1 as cell_id,
        'unknown' as cell_key,
        cast(null as {{ dbt.type_string() }}) as country,
        0 as participant_count
    from participants

)

select
    cast(cell_id as integer) as cell_id,
    cast(cell_key as {{ dbt.type_string() }}) as cell_key,
    cast(country as {{ dbt.type_string() }}) as country,
    cast(participant_count as bigint) as participant_count
from completed
