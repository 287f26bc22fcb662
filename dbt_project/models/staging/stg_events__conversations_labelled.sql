with

source as (

    select * from {{ source('raw', 'conversation_labelled') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
