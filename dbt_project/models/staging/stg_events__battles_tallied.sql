with

source as (

    select * from {{ source('raw', 'battles_tallied') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
