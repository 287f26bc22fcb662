with

source as (

    select * from {{ source('raw', 'subject_erased') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
