with

participants as (

    select * from {{ ref('int_participants__current') }}

),

celled as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

final as (

    select
        participants.participant_key,
        participants.country,
        cells.cell_id,
        participants.enrolled_at,
        excluded.participant_key is not null as is_excluded,
        excluded.excluded_position,
        participants.valid_from_position
    from participants
    left join celled on participants.participant_key = celled.participant_key
    left join cells on celled.cell_key = cells.cell_key
    left join excluded on participants.participant_key = excluded.participant_key

)

select * from final
