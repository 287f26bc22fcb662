{{ config(materialized='view') }}

with

conversations as (

    select * from {{ ref('stg_events__conversations_recorded') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

)

select conversations.*
from conversations
left join retracted on conversations.event_id = retracted.event_id
where
    retracted.event_id is null
    and {{ happened_by('conversations.occurred_at') }}
