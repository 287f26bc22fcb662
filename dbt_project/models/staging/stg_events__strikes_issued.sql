with

source as (

    select * from {{ source('raw', 'strike_issued') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
