select
    *,
    subject_id as participant_key
from {{ source('raw', 'battle_scheduled') }}
