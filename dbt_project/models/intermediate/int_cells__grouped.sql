with

participants as (

    select * from {{ ref('int_participants__celled') }}

),

stratified as (

    select * from {{ ref('int_participants__stratified') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

grouped as (

    select distinct
        cells.cell_id,
        cells.country,
        stratified.axis,
        stratified.group_name
    from stratified
    inner join participants on stratified.participant_key = participants.participant_key
    inner join cells on participants.cell_key = cells.cell_key

)

select * from grouped
