with

participants as (

    select * from {{ ref('int_participants__current') }}

),

cells as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

revised as (

    select * from {{ ref('int_participants__revised') }}

)

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
left join cells on participants.participant_key = cells.participant_key
left join excluded on participants.participant_key = excluded.participant_key
