select * from {{ source('raw', 'model_published') }}
