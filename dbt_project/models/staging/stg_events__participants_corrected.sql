with

source as (

    select * from {{ source('raw', 'participant_corrected') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
