with

source as (

    select * from {{ source('raw', 'event_corrected') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
