with

weighted as (

    select * from {{ ref('int_participants__weighted') }}

),

final as (

    select
        participant_key,
        country,
        scheme,
        weight_micro,
        weight,
        is_trimmed
    from weighted

)

select * from final
