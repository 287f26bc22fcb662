{{ config(materialized='view') }}
{#- Every counted battle on trust, ethics and safety, with what it was about: its own topic, else
what a judge or a person said of its conversation. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

dimensions as (

    select dimension from {{ ref('seed_dimensions') }}
    where label = 'Trust, ethics and safety'

),

labels as (

    select * from {{ ref('int_labels__current') }}
    where
        rubric = 'topic'
        and label = 'topic_area'
        and left_out_reason is null

),

topics as (

    select * from {{ ref('seed_topics') }}

),

labelled as (

    select
        conversation_id,
        {{ latest_known('value', 'position') }} as topic
    from labels
    group by conversation_id

),

told as (

    select
        battles.*,
        lower(coalesce(nullif(trim(battles.topic), ''), labelled.topic)) as told_topic
    from battles
    inner join dimensions on battles.dimension = dimensions.dimension
    left join labelled on battles.conversation_id = labelled.conversation_id

)

select
    told.event_id,
    told.participant_key,
    told.dimension,
    told.model_a,
    told.model_b,
    told.outcome,
    told.item_id,
    told.occurred_at,
    told.position,
    coalesce(trim(told.told_topic), 'unknown') as topic,
    topics.is_sensitive
from told
left join topics on trim(told.told_topic) = topics.topic
