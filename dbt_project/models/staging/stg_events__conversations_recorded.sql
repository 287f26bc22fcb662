with

source as (

    select * from {{ source('raw', 'conversation_recorded') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
