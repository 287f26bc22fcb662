"""Of whom something changed since a position of the log, by what a row says of its stratum.

What a row says of its stratum is its subject: a dimension or criterion, and in a finer table a
topic, level, model or month of it, as parts with SEPARATOR between. Counted are people of whom it
is certain that what they add to a row isn't what it was: who has verdicts, ratings or labels there
that came since, or has lost some that counted before, and not both. A correction changes some
figures of a row and not others, so by itself it counts for nobody; nor does who was taken back
before somebody else came, or said the same again. Where anybody may be behind a change, one is.
"""

from __future__ import annotations

from publishing.publications.catalogue import (
    DECISIVENESS,
    INCIDENT,
    LEVEL,
    MONTH,
    RATED,
    SYCOPHANCY,
    SYCOPHANCY_EFFECT,
    TOPIC,
    PublicTable,
)

EVERYBODY, EVERY_DIMENSION, CRITERION = "all", "*", "criterion "
# How long conversations are told apart (rpt_decisiveness), in SQL over `turn_count`.
BAND_OF_TURNS = """
case
    when turn_count <= 2 then '1-2'
    when turn_count <= 4 then '3-4'
    when turn_count <= 8 then '5-8'
    when turn_count > 8 then '9+'
end
"""
SEPARATOR = chr(31)


def subject(*parts: str) -> str:
    """A subject of several parts, in SQL."""
    return f"concat_ws(chr({ord(SEPARATOR)}), {', '.join(parts)})"


LABEL = (
    "'label'",
    "rubric",
    "rubric_version",
    "label",
    "judge",
    "judge_version",
    "model_id",
    "topic",
)
EFFECT = ("'effect'", "rubric_version", "judge", "judge_version", "outcome")
OF_TOPIC = ("'topic'", "dimension", "topic")
# What the rows of a table are of, beyond their dimension or criterion.
FINER: dict[tuple[str, ...], tuple[str, ...]] = {
    TOPIC: OF_TOPIC,
    (*TOPIC, "model_id"): OF_TOPIC,
    DECISIVENESS: ("'decided'", "dimension", "kind", "level"),
    MONTH: ("'month'", "dimension", "model_id", "month"),
    RATED: ("'rated'", "model_id", "criterion"),
    LEVEL: ("'level'", "variable", "level"),
    INCIDENT: (
        *("'label'", "'safety_incident'", "rubric_version", "'safety_incident'"),
        *("judge", "judge_version", "model_id", "topic"),
    ),
    SYCOPHANCY: (
        *("'label'", "'sycophancy'", "rubric_version", "label"),
        *("judge", "judge_version", "model_id", "'*'"),
    ),
    SYCOPHANCY_EFFECT: EFFECT,
}
# The part of a subject along which rows add up to one that is shown as well.
ADDS_UP = {
    "topic": (2,), "decided": (3,), "month": (3,), "rated": (2,), "level": (2,), "label": (6, 7),
}  # fmt: skip


def finer_subjects(table: PublicTable, mart: str = "") -> tuple[str, ...]:
    """What a row says beyond its dimension or criterion, in SQL over the mart's columns."""
    parts = FINER.get(table.matched_by)
    if parts is None:
        return ()
    if any(column.name == "against_criterion" for column in table.columns):
        return tuple(_of(mart, (*parts[:2], name)) for name in (parts[2], "against_criterion"))
    if table.matched_by == DECISIVENESS:
        # A group's ties are its stratum's.
        is_group = f"{mart}stratum_id <> '{EVERYBODY}'"
        return (f"case when {is_group} then {mart}dimension else {_of(mart, parts)} end",)
    return (_of(mart, parts),)


def _of(mart: str, parts: tuple[str, ...]) -> str:
    return subject(*(part if part.startswith("'") else mart + part for part in parts))


# What was revised before, and people who may have counted otherwise then, or for other groups.
BEFORE = """
unknown as (select max(cell_id) as cell_id from dim_cell where cell_key = 'unknown'),
revised_before as (
    select target_event_id as event_id from stg_events__events_corrected where position < $position
    union
    select target_event_id from stg_events__events_retracted where position < $position
),
uncertain as (
    select participant_key from stg_events__participants_excluded where position < $position
    union
    select participant_key from stg_events__participants_corrected where position >= $position
    union
    select participant_key from stg_events__participants_enrolled where position >= $position
)
"""


def _what(position: str, said: str, left: str, counts: str) -> str:
    """Whether something came, or is gone that counted; null where neither is certain."""
    return f"""
        case
            when {position} >= $position then case when {counts} then 'new' end
            when {left}
                and not exists (
                    select 1 from revised_before where revised_before.event_id = {said}.event_id
                )
                and not exists (
                    select 1 from uncertain
                    where uncertain.participant_key = {said}.participant_key
                ) then 'gone'
        end as what
    """


VERDICTS = f"""
told as (
    select conversation_id, max_by(value, position) filter (where value is not null) as topic
    from int_labels__current
    where rubric = 'topic' and label = 'topic_area' and left_out_reason is null
    group by conversation_id
),
lengths as (
    select conversation_id, max(turn_count) as turn_count from int_conversations__current
    group by conversation_id
),
changed_verdicts as (
    select coalesce(battles.participant_key, battles.battle_key) as person,
        battles.participant_key, battles.cell_id, battles.dimension, battles.model_a,
        battles.model_b, battles.occurred_at, said.conversation_id, said.topic,
        {_what("battles.position", "said", "battles.uncounted_reason = 'excluded'", "true")}
    from fct_battle as battles
    inner join stg_events__battles_judged as said using (position)
    where battles.valid_from_position >= $position
        and (battles.is_counted or battles.position < $position)
    union all
    select coalesce(said.participant_key, said.battle_key), said.participant_key,
        coalesce(assigned.cell_id, unknown.cell_id), said.dimension, said.model_a, said.model_b,
        said.occurred_at, said.conversation_id, said.topic,
        {_what("said.position", "said", "true", "false")}
    from stg_events__battles_judged as said
    inner join int_battles__revised as revised using (position)
    cross join unknown
    left join int_participants__assigned_to_cells as assigned
        on said.participant_key = assigned.participant_key
    where revised.is_retracted and revised.revised_position >= $position
        and said.position < $position
),
verdicts as (
    select changed.*,
        lower(trim(coalesce(nullif(trim(changed.topic), ''), told.topic, 'unknown'))) as told_topic,
        substring(cast(cast(changed.occurred_at as date) as varchar), 1, 7) as month,
        {BAND_OF_TURNS} as turns
    from changed_verdicts as changed
    left join told using (conversation_id)
    left join lengths using (conversation_id)
)
"""
RATINGS = f"""
rated as (
    select ratings.cell_id, coalesce(ratings.participant_key, ratings.event_id) as person,
        ratings.model_id, ratings.criterion, ratings.parent_criterion,
        {_what("ratings.position", "ratings", "not ratings.is_counted", "true")}
    from fct_rating as ratings
    where ratings.valid_from_position >= $position
        and (ratings.is_counted or ratings.position < $position)
    union all
    select coalesce(assigned.cell_id, unknown.cell_id),
        coalesce(said.participant_key, said.event_id), said.model_id, said.criterion,
        criteria.parent_criterion, {_what("said.position", "said", "true", "false")}
    from stg_events__experiences_rated as said
    inner join int_events__revised as revised using (event_id)
    cross join unknown
    left join int_participants__assigned_to_cells as assigned
        on said.participant_key = assigned.participant_key
    left join seeds.seed_criteria as criteria on said.criterion = criteria.criterion
    where revised.retracted_position is not null and revised.revised_position >= $position
        and said.position < $position
),
ratings as (
    select cell_id, person, model_id, unnest([criterion, parent_criterion]) as criterion, what
    from rated
)
"""
# A label of what the same judge, or another person, labelled before adds nothing that is certain.
IS_FIRST_LABEL = """not exists (
    select 1 from stg_events__conversations_labelled as earlier
    where earlier.position < $position
        and earlier.conversation_id = labels.conversation_id and earlier.label = labels.label
        and earlier.model_id is not distinct from labels.model_id
        and (earlier.judge = labels.judge or earlier.labeller_kind = 'human')
)"""
LABELS = f"""
labels as (
    select coalesce(assigned.cell_id, unknown.cell_id) as cell_id, labels.conversation_id,
        coalesce(labels.participant_key, labels.event_id) as person,
        labels.rubric, labels.rubric_version, labels.label, labels.model_id, labels.topic,
        case when labels.labeller_kind = 'human' then 'people' else labels.judge end as judge,
        case when labels.labeller_kind = 'human' then '1' else labels.judge_version end
            as judge_version,
        labels.position >= $position or coalesce(labels.left_out_reason, '') = 'excluded'
            as is_changed,
        {_what("labels.position", "labels", "labels.left_out_reason = 'excluded'", IS_FIRST_LABEL)}
    from int_labels__current as labels
    cross join unknown
    left join int_participants__assigned_to_cells as assigned
        on labels.participant_key = assigned.participant_key
    left join int_participants__excluded as excluded
        on labels.participant_key = excluded.participant_key
    where labels.left_out_reason is null
        or (labels.left_out_reason = 'excluded' and labels.position < $position
            and excluded.excluded_position >= $position)
),
answers as (
    select cell_id, person, conversation_id, model_id, rubric_version, judge, judge_version,
        bool_or(is_changed) as is_changed, bool_or(what = 'new') as is_new
    from labels where rubric = 'sycophancy' group by all
),
"""
# Answers that were labelled and rated, or compared with another that was labelled too.
EFFECTS = """
outcomes as (
    select said.conversation_id, ratings.model_id, null as other_model_id, ratings.position,
        ratings.is_counted,
        case when 'personality' in (ratings.criterion, ratings.parent_criterion)
            then 'personality' else 'first_impression' end || '_rating' as outcome
    from fct_rating as ratings
    inner join stg_events__experiences_rated as said using (event_id)
    where said.conversation_id is not null and (
        ratings.criterion in ('personality', 'first_impression')
        or ratings.parent_criterion in ('personality', 'first_impression')
    )
    union all
    select said.conversation_id, battles.model_a, battles.model_b, battles.position,
        battles.is_counted, battles.dimension || '_verdict'
    from fct_battle as battles
    inner join stg_events__battles_judged as said using (position)
    where said.conversation_id is not null
        and battles.dimension in ('overall', 'personality')
),
effects as (
    select answers.*, outcomes.outcome,
        case when outcomes.is_counted and (outcomes.position >= $position or (
            answers.is_new and (outcomes.other_model_id is null or coalesce(others.is_new, false))
        )) then 'new' end as what
    from outcomes
    inner join answers using (conversation_id, model_id)
    left join answers as others
        on outcomes.conversation_id = others.conversation_id
        and outcomes.other_model_id = others.model_id and answers.judge = others.judge
        and answers.judge_version = others.judge_version
        and answers.rubric_version = others.rubric_version
    where (outcomes.other_model_id is null or others.model_id is not null)
        and (outcomes.position >= $position or answers.is_changed
            or coalesce(others.is_changed, false))
        and (outcomes.is_counted or outcomes.position < $position)
)
"""
# Weights are for those with a verdict, or of a study without verdicts for those with a rating.
LEVELS = """
entered as (
    select participant_key, min(position) as position
    from (
        select participant_key, position from fct_battle where is_counted
        union all
        select participant_key, position from fct_rating
        where is_counted and not exists (select 1 from fct_battle where is_counted)
    )
    group by participant_key having min(position) >= $position
),
said_before as (
    select participant_key from stg_events__battles_judged where position < $position
    union
    select participant_key from stg_events__experiences_rated where position < $position
),
lost as (
    select distinct person as participant_key
    from (
        select person, what from changed_verdicts union all select person, what from rated
    )
    where what = 'gone'
),
profiled as (
    select people.participant_key, people.profile_number,
        case when said_before.participant_key is null then 'new' end as what
    from int_participants__with_verdicts as people
    inner join entered using (participant_key)
    left join said_before using (participant_key)
    union all
    select lost.participant_key, people.profile_number, 'gone'
    from lost
    inner join int_participants__profiled as people using (participant_key)
    left join int_participants__with_verdicts as standing using (participant_key)
    where standing.participant_key is null
),
levels as (
    select assigned.cell_id, profiled.participant_key as person, known.variable, known.level,
        profiled.what
    from profiled
    inner join int_profile_levels as known using (profile_number)
    inner join int_participants__assigned_to_cells as assigned using (participant_key)
)
"""
CONTRIBUTIONS = f"""
contributions as (
    select cell_id, person, what, unnest([
        dimension, '{EVERY_DIMENSION}',
        {subject("'decided'", "dimension", "'turns'", "turns")},
        {subject("'month'", "dimension", "model_a", "month")},
        {subject("'month'", "dimension", "model_b", "month")}
    ]) as subject
    from verdicts
    union all
    select cell_id, person, what, {subject("'decided'", "dimension", "'topic'", "topic")}
    from verdicts where topic is not null
    union all
    -- What was labelled may have been of another topic before.
    select cell_id, person,
        case when what = 'new' or verdicts.topic is not null then what end, unnest([
        {subject("'topic'", "dimension", "told_topic")},
        {subject("'topic'", "dimension", "'*'")},
        case when topics.is_sensitive then {subject("'topic'", "dimension", "'*sensitive'")} end
    ])
    from verdicts left join seeds.seed_topics as topics on verdicts.told_topic = topics.topic
    union all
    select cell_id, person, what, unnest([
        '{CRITERION}' || criterion, '{CRITERION}{EVERY_DIMENSION}', '{EVERY_DIMENSION}',
        {subject("'rated'", "model_id", "criterion")}
    ])
    from ratings where criterion is not null
    union all
    select cell_id, person, what, '{EVERY_DIMENSION}' from labels where is_changed
    union all
    select cell_id, person, what, {subject(*LABEL)}
    from (
        select * replace (unnest([topic, '*']) as topic)
        from (
            select * replace (unnest([model_id, '*']) as model_id)
            from labels where is_changed and rubric in ('safety_incident', 'sycophancy')
        )
    )
    where model_id is not null and topic is not null
    union all
    select cell_id, person, what,
        {subject(*EFFECT)}
    from effects
    union all
    select cell_id, person, what, {subject("'level'", "variable", "level")} from levels
)
"""
# People behind what changed, by stratum and subject. Somebody is in one cell.
TOUCHED = f"""
with {BEFORE}, {VERDICTS}, {RATINGS}, {LABELS} {EFFECTS}, {LEVELS}, {CONTRIBUTIONS},
people as (
    select cell_id, subject, person, count(distinct what) = 1 as is_certain
    from contributions where subject is not null group by all
),
counted as (
    select cell_id, subject, count(*) filter (where is_certain) as people from people group by all
)
select strata.stratum_id, counted.subject, greatest(sum(counted.people), 1)
from counted
inner join int_cells__assigned_to_strata as strata using (cell_id)
group by all
"""
# On what people judged before, whose answers were corrected since: a group that they were in may
# have lost them. Which one isn't kept.
MOVED = f"""
with moved as (
    select participant_key from dim_participant where valid_from_position >= $position
)
select battles.dimension from fct_battle as battles
inner join moved using (participant_key)
where battles.position < $position
union
select '{CRITERION}' || ratings.criterion from fct_rating as ratings
inner join moved using (participant_key)
where ratings.position < $position
union
select '{CRITERION}' || ratings.parent_criterion from fct_rating as ratings
inner join moved using (participant_key)
where ratings.position < $position and ratings.parent_criterion is not null
"""
# Whether somebody's earlier verdicts, ratings or labels may be of another topic, level or model
# since, or of none: of which they were isn't kept.
REVISED = """
with battles as (select * from stg_events__battles_judged where position < $position)
select
    exists (select 1 from stg_events__events_corrected where position >= $position)
    or exists (select 1 from stg_events__participants_corrected where position >= $position)
    or exists (select 1 from stg_events__models_aliased where position >= $position)
    or exists (
        select 1 from stg_events__events_retracted as gone where gone.position >= $position
            and gone.target_event_id not in (select event_id from stg_events__battles_judged)
            and gone.target_event_id not in (select event_id from stg_events__experiences_rated)
    )
    or exists (
        select 1 from stg_events__participants_enrolled as said
        inner join battles using (participant_key) where said.position >= $position
    )
    or exists (
        select 1 from stg_events__conversations_labelled as said
        inner join battles using (conversation_id)
        where said.position >= $position and said.rubric = 'topic'
    )
    or exists (
        select 1 from stg_events__conversations_recorded as said
        inner join battles using (conversation_id) where said.position >= $position
    )
"""
