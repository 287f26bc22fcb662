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

revised as (

    select * from {{ ref('int_participants__revised') }}

),

final as (

    select
        participants.participant_key,
        participants.country,
        cells.cell_id,
        participants.enrolled_at,
        excluded.participant_key is not null as is_excluded,
        excluded.excluded_position,
        revised.valid_from_position
    from participants
    inner join revised on participants.participant_key = revised.participant_key
    left join celled on participants.participant_key = celled.participant_key
    left join cells on celled.cell_key = cells.cell_key
    left join excluded on participants.participant_key = excluded.participant_key

)

select * from final
