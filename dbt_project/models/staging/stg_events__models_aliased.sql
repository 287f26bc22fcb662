select
    *,
    subject_id as participant_key
from {{ source('raw', 'model_aliased') }}
