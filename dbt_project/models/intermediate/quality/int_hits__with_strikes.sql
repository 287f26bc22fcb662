{#- A hit is struck while a strike for it stands, and appealed once all that were issued are
retracted: it is not struck again. -#}
with

rules as (

    select * from {{ ref('seed_quality_rules') }}

),

recordings as (

    select * from {{ ref('int_conversations__current') }}

),

labels as (

    select * from {{ ref('stg_events__conversations_labelled') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

participants as (

    select * from {{ ref('int_participants__measured') }}

),

given as (

    select
        labels.conversation_id,
        labels.label,
        labels.judge,
        labels.judge_version,
        {{ latest_known('labels.value', 'labels.position') }} as value
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

-- A judge who labelled twice counts once, with the last label; versions are judges.
labelled as (

    select
        conversation_id,
        label,
        value,
        value_count,
        cast(sum(value_count) over (partition by conversation_id, label) as bigint)
            as judge_count
    from valued

),

united as (

    select
        recordings.participant_key,
        recordings.conversation_id,
        labelled.label || ':' || labelled.value as measure,
        cast(labelled.value_count as double) / labelled.judge_count as measured_value,
        labelled.judge_count as basis_count
    from labelled
    inner join recordings on labelled.conversation_id = recordings.conversation_id
    {%- for name, value, basis in conversation_measures() %}
        union all
        select
            participant_key,
            conversation_id,
            '{{ name }}' as measure,
            cast({{ value }} as double) as measured_value,
            cast({{ basis }} as bigint) as basis_count
        from recordings
    {%- endfor %}

),

conversations as (

    select * from united
    where measured_value is not null

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

hits as (

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

),

strikes as (

    select
        participant_key,
        rule,
        rule_version,
        coalesce(conversation_id, '') as unit_id,
        max(case when is_standing then 1 else 0 end) = 1 as is_standing,
        {{
            first_known(
                'event_id', 'case when is_standing then position else position + 1e15 end'
            )
        }}
            as strike_event_id
    from {{ ref('int_strikes__current') }}
    group by participant_key, rule, rule_version, coalesce(conversation_id, '')

)

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
