with

source as (

    select * from {{ source('raw', 'participant_enrolled') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
