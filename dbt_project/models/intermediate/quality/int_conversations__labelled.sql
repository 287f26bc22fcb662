{{ config(materialized='view') }}
{#- A judge who labelled twice is heard once, with the last word; versions are judges. -#}
with

labels as (

    select * from {{ ref('stg_events__conversations_labelled') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

given as (

    select
        labels.conversation_id,
        labels.label,
        labels.judge,
        labels.judge_version,
        max_by(labels.value, labels.position) as value
    from labels
    left join retracted on labels.event_id = retracted.event_id
    where
        retracted.event_id is null
        and {{ happened_by('labels.occurred_at') }}
    group by labels.conversation_id, labels.label, labels.judge, labels.judge_version

),

valued as (

    select
        conversation_id,
        label,
        value,
        count(*) as value_count
    from given
    group by conversation_id, label, value

),

shared as (

    select
        conversation_id,
        label,
        value,
        value_count,
        cast(sum(value_count) over (partition by conversation_id, label) as bigint)
            as judge_count
    from valued

)

select * from shared
