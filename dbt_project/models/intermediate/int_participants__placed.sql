{{ config(materialized='view') }}

with

participants as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

placed as (

    select
        coalesce(participants.participant_key, excluded.participant_key) as participant_key,
        case when excluded.participant_key is null then cells.cell_id else 0 end as cell_id
    from participants
    inner join cells on participants.cell_key = cells.cell_key
    full outer join excluded on participants.participant_key = excluded.participant_key

)

select * from placed
