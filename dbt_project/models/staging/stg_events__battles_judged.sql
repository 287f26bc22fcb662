select
    *,
    subject_id as participant_key,
    split_part(event_id, ':', 1) as battle_key
from {{ source('raw', 'battle_judged') }}
