select
    *,
    subject_id as participant_key,
    -- Without the generation that an event said again after a retraction has.
    split_part(split_part(event_id, ':', 1), '~', 1) as battle_key
from {{ source('raw', 'battle_judged') }}
