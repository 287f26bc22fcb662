with

loads as (

    select * from {{ source('raw', 'load') }}

)

select
    -- an older load's id has digits of a plain hash of its file, from which the file can be guessed
    case
        when length(batch_id) >= 64 then split_part(load_id, '-', 1)
        else load_id
    end as load_id,
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
