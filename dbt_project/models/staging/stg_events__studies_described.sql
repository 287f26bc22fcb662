select * from {{ source('raw', 'study_described') }}
