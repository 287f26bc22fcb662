with

source as (

    select * from {{ source('raw', 'model_registered') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
