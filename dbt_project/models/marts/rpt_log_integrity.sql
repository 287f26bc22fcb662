with

verification as (

    select * from {{ source('log', 'verification') }}

)

select
    origin,
    log_position,
    log_head_hash,
    log_root_hash,
    event_count,
    first_recorded_at,
    last_recorded_at,
    is_verified,
    finding_count,
    checkpoint_key
from verification
