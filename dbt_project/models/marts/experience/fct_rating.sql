{{ config(materialized='view') }}

with

ratings as (

    select * from {{ ref('int_ratings__current') }}

),

cells as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

participants as (

    select * from {{ ref('int_participants__revised') }}

)

select
    ratings.event_id,
    ratings.source,
    ratings.participant_key,
    coalesce(cells.cell_id, unknown.cell_id) as cell_id,
    ratings.model_id,
    ratings.criterion,
    ratings.parent_criterion,
    ratings.rating,
    ratings.occurred_at,
    ratings.position,
    greatest(ratings.valid_from_position, coalesce(participants.valid_from_position, 0))
        as valid_from_position,
    ratings.is_counted,
    ratings.uncounted_reason
from ratings
cross join unknown
left join cells on ratings.participant_key = cells.participant_key
left join participants on ratings.participant_key = participants.participant_key
