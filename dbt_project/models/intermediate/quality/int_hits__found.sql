{{ config(materialized='view') }}

with

rules as (

    select * from {{ ref('seed_quality_rules') }}

),

conversations as (

    select * from {{ ref('int_conversations__measured') }}

),

participants as (

    select * from {{ ref('int_participants__measured') }}

),

measured as (

    select
        *,
        'conversation' as unit
    from conversations
    union all
    select
        *,
        'participant' as unit
    from participants

),

found as (

    select
        measured.participant_key,
        measured.conversation_id,
        rules.rule,
        rules.version as rule_version,
        measured.measure,
        measured.measured_value,
        measured.basis_count,
        rules.comparison,
        rules.threshold
    from measured
    inner join rules
        on
            measured.unit = rules.unit
            and measured.measure = rules.measure
            and measured.basis_count >= rules.basis_min
    where
        (rules.comparison = 'below' and measured.measured_value < rules.threshold)
        or (rules.comparison = 'at_least' and measured.measured_value >= rules.threshold)

)

select * from found
