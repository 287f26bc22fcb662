with

loads as (

    select * from {{ source('raw', 'load') }}

)

select
    load_id,
    file as source_file,
    batch_id,
    status,
    {{ time_of_microseconds('started_at_us') }} as started_at,
    duration_ms,
    byte_count,
    row_count,
    accepted_count,
    duplicate_count,
    quarantined_count,
    cast(quarantined_by_reason as string) as quarantined_by_reason,
    expectation_count,
    position as log_position
from loads
