"""Sentences on labels and ratings that reach no figure, or not all, as of the last build."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError, NotFoundError
from ingestion.rubrics.reading import own_rubrics
from orchestration.database import mart_rows
from publishing.counted import counted, listed

if TYPE_CHECKING:
    from ingestion.paths import Home

SHOWN = 5
UNDESCRIBED = """
select labels.rubric, labels.rubric_version, labels.label, count(*) as label_count
from int_labels__current as labels
left join (select distinct rubric, rubric_version, label from seeds.seed_rubric_values) as asked
    on
        labels.rubric = asked.rubric
        and labels.rubric_version = asked.rubric_version
        and labels.label = asked.label
where
    asked.label is null
    -- What a quality rule asks for is used without a rubric.
    and labels.label not in (
        select split_part(measure, ':', 1) from seeds.seed_quality_rules where measure like '%:%'
    )
group by labels.rubric, labels.rubric_version, labels.label
order by label_count desc, labels.rubric, labels.rubric_version, labels.label
"""
WITHOUT_MODEL = """
select rubric, count(*) as label_count
from int_labels__current
where model_id is null and rubric in (select unnest($rubrics))
group by rubric
order by label_count desc, rubric
"""
WITHOUT_CONVERSATION = """
select labels.rubric, count(*) as label_count
from int_labels__current as labels
where
    labels.conversation_id not in (
        select conversation_id from int_conversations__current
        where conversation_id is not null
        union all
        select conversation_id from int_battles__current
        where conversation_id is not null
        union all
        select conversation_id from stg_events__experiences_rated
        where conversation_id is not null
    )
group by labels.rubric
order by label_count desc, labels.rubric
"""
# Where a stratum is weighted at all: models that have unweighted rows alone.
UNWEIGHTED = """
select
    count(distinct model_id) as model_count,
    coalesce(sum(rating_count), 0)::bigint as rating_count
from rpt_experience as unweighted
where
    weighting = 'none' and stratum_id = 'all'
    and exists (
        from rpt_experience as weighted
        where weighted.weighting <> 'none' and weighted.stratum_id = 'all'
    )
    and not exists (
        from rpt_experience as weighted
        where
            weighted.weighting <> 'none' and weighted.stratum_id = 'all'
            and weighted.criterion = unweighted.criterion
            and weighted.model_id = unweighted.model_id
    )
"""


def unused_answers(home: Home) -> list[str]:
    """What is counted nowhere, or in some figures alone, with its number and what to do.

    Empty where everything is used, and where the database cannot be read now.
    """
    # That somebody else has the database open, or that older code built it, is no failure.
    with suppress(BusyError, NotFoundError):
        return [*_labels(home), *_ratings(home)]
    return []


def _labels(home: Home) -> list[str]:
    said = []
    undescribed = mart_rows(home, UNDESCRIBED)
    if undescribed:
        names = [
            f"{row['label']} of {row['rubric']} {row['rubric_version']} ({row['label_count']:,})"
            for row in undescribed
        ]
        said.append(
            f"{_total(undescribed)} follow no rubric that the project describes, so what they find "
            f"is in no rate: {listed(names, SHOWN)}. Describe the rubric in ingestion/rubrics, "
            "then run python -m orchestration.rubric_seed and build."
        )
    about_answers = [one.rubric for one in own_rubrics() if one.about == "answer"]
    nobodys = mart_rows(home, WITHOUT_MODEL, {"rubrics": about_answers})
    if nobodys:
        said.append(
            f"{_total(nobodys)} of answers name no model, so they count in rates of all models "
            f"together and are joined to no rating or verdict: {_by_rubric(nobodys)}. Load them "
            "with model_id."
        )
    unknown = mart_rows(home, WITHOUT_CONVERSATION)
    if unknown:
        said.append(
            f"{_total(unknown)} are of conversations that nothing else in the log names, so it is "
            f"unknown whose they are and they count unweighted alone: {_by_rubric(unknown)}. Is "
            "their `source` that of the conversations, and are ids written alike?"
        )
    return said


def _ratings(home: Home) -> list[str]:
    [row] = mart_rows(home, UNWEIGHTED)
    if not row["rating_count"]:
        return []
    ratings, models = counted(row["rating_count"], "rating"), counted(row["model_count"], "model")
    said = (
        f"{ratings} of {models} count unweighted alone: nobody who gave them has a weight. Load "
        "enrolments of those people (rpt_left_out has the boards)."
    )
    return [said]


def _total(rows: list[dict[str, Any]]) -> str:
    return counted(sum(row["label_count"] for row in rows), "label")


def _by_rubric(rows: list[dict[str, Any]]) -> str:
    return listed([f"{row['rubric']} ({row['label_count']:,})" for row in rows], SHOWN)
