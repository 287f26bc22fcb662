select
    *,
    subject_id as participant_key
from {{ source('raw', 'benchmark_reported') }}
