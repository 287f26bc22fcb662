with

source as (

    select * from {{ source('raw', 'model_retired') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
