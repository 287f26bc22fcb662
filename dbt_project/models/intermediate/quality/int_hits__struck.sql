{#- A hit is struck while a strike for it stands, and appealed once all that were issued are
retracted: it is not struck again. -#}
with

hits as (

    select * from {{ ref('int_hits__found') }}

),

strikes as (

    select
        participant_key,
        rule,
        rule_version,
        coalesce(conversation_id, '') as unit_id,
        max(case when is_standing then 1 else 0 end) = 1 as is_standing,
        min_by(event_id, case when is_standing then position else position + 1e15 end)
            as strike_event_id
    from {{ ref('int_strikes__current') }}
    group by participant_key, rule, rule_version, coalesce(conversation_id, '')

),

struck as (

    select
        hits.*,
        strikes.strike_event_id,
        case
            when strikes.strike_event_id is null then 'open'
            when strikes.is_standing then 'struck'
            else 'appealed'
        end as state
    from hits
    left join strikes
        on
            hits.participant_key = strikes.participant_key
            and hits.rule = strikes.rule
            and hits.rule_version = strikes.rule_version
            and coalesce(hits.conversation_id, '') = strikes.unit_id

)

select * from struck
