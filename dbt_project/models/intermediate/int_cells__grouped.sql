with

stratified as (

    select * from {{ ref('int_participants__stratified') }}

),

participants as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

)

select distinct
    participants.cell_id,
    participants.country,
    stratified.axis,
    stratified.group_name
from stratified
inner join participants on stratified.participant_key = participants.participant_key
