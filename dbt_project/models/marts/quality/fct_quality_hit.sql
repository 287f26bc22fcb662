{{ config(materialized='view') }}

with

hits as (

    select * from {{ ref('int_hits__with_strikes') }}

)

select
    participant_key,
    rule,
    rule_version,
    conversation_id,
    measure,
    measured_value,
    basis_count,
    comparison,
    threshold,
    state,
    strike_event_id
from hits
