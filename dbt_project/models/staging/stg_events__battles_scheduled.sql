with

source as (

    select * from {{ source('raw', 'battle_scheduled') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
