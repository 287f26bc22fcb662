with

source as (

    select * from {{ source('raw', 'experience_rated') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
