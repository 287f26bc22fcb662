{#- One strike per hit, however often it was issued: the first that was not retracted. -#}
with

strikes as (

    select * from {{ ref('stg_events__strikes_issued') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

rules as (

    select * from {{ ref('seed_quality_rules') }}

),

judged as (

    select
        strikes.event_id,
        strikes.participant_key,
        strikes.rule,
        strikes.rule_version,
        strikes.conversation_id,
        strikes.evidence,
        strikes.position,
        rules.rule is not null as is_known_rule,
        retracted.event_id is null as is_standing
    from strikes
    left join retracted on strikes.event_id = retracted.event_id
    left join rules
        on
            strikes.rule = rules.rule
            and strikes.rule_version = rules.version

),

ranked as (

    select
        *,
        cast(
            row_number() over (
                partition by
                    participant_key, rule, rule_version, coalesce(conversation_id, event_id)
                order by case when is_standing then 0 else 1 end, position
            ) as bigint
        ) as ordinal
    from judged

)

select * from ranked
where ordinal = 1 or not is_known_rule
