select
    *,
    subject_id as participant_key
from {{ source('raw', 'external_board_published') }}
