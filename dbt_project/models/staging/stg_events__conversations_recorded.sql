select
    *,
    subject_id as participant_key
from {{ source('raw', 'conversation_recorded') }}
