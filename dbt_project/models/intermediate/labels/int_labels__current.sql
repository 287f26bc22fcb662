{#- Every label that stands, with whom and what it is about. Of a labeller's labels of one answer
the last one counts. A conversation's topic is what a judge said of it, else what its verdict
says. -#}
with

labels as (

    select * from {{ ref('stg_events__conversations_labelled') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

recordings as (

    select
        conversation_id,
        min(participant_key) as participant_key,
        min(occurred_at) as recorded_at
    from {{ ref('int_conversations__current') }}
    group by conversation_id

),

battles as (

    select
        conversation_id,
        min(participant_key) as participant_key,
        min(topic) as topic
    from {{ ref('int_battles__current') }}
    where conversation_id is not null
    group by conversation_id

),

asked as (

    select * from {{ ref('seed_rubric_values') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

standing as (

    select
        labels.event_id,
        labels.conversation_id,
        labels.participant_key,
        labels.label,
        labels.value,
        labels.score,
        labels.severity,
        labels.judge,
        labels.judge_version,
        coalesce(labels.rubric, 'none') as rubric,
        coalesce(labels.rubric_version, 'none') as rubric_version,
        labels.prompt_sha256,
        labels.labeller_kind,
        {{ canonical_model('labels', 'model_id') }} as model_id,
        labels.occurred_at,
        labels.position
    from labels
    {{ join_canonical_model('labels', 'model_id') }}
    left join retracted on labels.event_id = retracted.event_id
    where
        retracted.event_id is null
        and {{ happened_by('labels.occurred_at') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by
                conversation_id, model_id, label, rubric, rubric_version, judge, judge_version
            order by position desc
        ) as place
    from standing

),

topics as (

    select
        conversation_id,
        {{ latest_known('value', 'position') }} as topic
    from standing
    where rubric = 'topic' and label = 'topic_area'
    group by conversation_id

),

known as (

    select
        ordered.*,
        coalesce(
            ordered.participant_key, recordings.participant_key, battles.participant_key
        ) as judged_participant_key,
        coalesce(topics.topic, battles.topic) as topic,
        asked.is_finding,
        recordings.recorded_at
    from ordered
    left join recordings on ordered.conversation_id = recordings.conversation_id
    left join battles on ordered.conversation_id = battles.conversation_id
    left join topics on ordered.conversation_id = topics.conversation_id
    left join asked
        on
            ordered.rubric = asked.rubric
            and ordered.rubric_version = asked.rubric_version
            and ordered.label = asked.label
            and ordered.value = asked.value

)

select
    known.event_id,
    known.conversation_id,
    known.judged_participant_key as participant_key,
    known.label,
    known.value,
    known.score,
    known.severity,
    known.is_finding,
    known.judge,
    known.judge_version,
    known.rubric,
    known.rubric_version,
    known.prompt_sha256,
    known.labeller_kind,
    known.model_id,
    known.topic,
    known.occurred_at,
    known.position,
    case
        when known.place > 1 then 'labelled_again'
        when known.occurred_at < known.recorded_at then 'before_recorded'
        when excluded.participant_key is not null then 'excluded'
    end as left_out_reason
from known
left join excluded on known.judged_participant_key = excluded.participant_key
