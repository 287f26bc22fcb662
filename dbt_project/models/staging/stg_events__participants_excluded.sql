select
    *,
    subject_id as participant_key
from {{ source('raw', 'participant_excluded') }}
