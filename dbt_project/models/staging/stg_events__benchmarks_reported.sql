with

source as (

    select * from {{ source('raw', 'benchmark_reported') }}

),

renamed as (

    select
        *,
        subject_id as participant_key
    from source

)

select * from renamed
