"""The row rules that follow from rubrics: which labels the gate refuses.

A label of a rubric that the project doesn't have is not held against anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingestion.rubrics.reading import Label, Rubric, own_rubrics
from ingestion.sql import quoted
from ingestion.tables import RowRule
from ingestion.vocabulary import LabellerKind, Refusal


def label_rules() -> Iterator[RowRule]:
    """What is wrong with a row of `conversation_labelled`, as SQL over its log columns."""
    is_models = f"labeller_kind = '{LabellerKind.MODEL}'"
    for column in ("prompt_sha256", "rubric", "rubric_version"):
        missing = f"{is_models} and nullif(trim({column}), '') is null"
        yield RowRule(missing, Refusal.MISSING_VALUE, column, "a model's label")
    for rubric in own_rubrics():
        yield from _rules(rubric)


def _rules(rubric: Rubric) -> Iterator[RowRule]:
    own = f"rubric = {quoted(rubric.rubric)}"
    yield RowRule(
        f"{own} and rubric_version is distinct from {quoted(rubric.version)}",
        Refusal.OUTSIDE_RUBRIC,
        "rubric_version",
    )
    names = [label.label for label in rubric.labels]
    yield RowRule(f"{own} and label not in {_listed(names)}", Refusal.OUTSIDE_RUBRIC, "label")
    for label in rubric.labels:
        about = f"{own} and label = {quoted(label.label)}"
        values = [value.value for value in label.values]
        is_other = f"{about} and value not in {_listed(values)}"
        yield RowRule(is_other, Refusal.OUTSIDE_RUBRIC, "value")
        yield RowRule(f"{about} and {_severity(label)}", Refusal.OUTSIDE_RUBRIC, "severity")
        if label.score:
            least, most = label.score
            is_off = f"{about} and score not between {least} and {most}"
            yield RowRule(is_off, Refusal.OUTSIDE_RUBRIC, "score")


def _severity(label: Label) -> str:
    """A finding has a severity where the label knows any; nothing else has one."""
    given = "nullif(trim(severity), '')"
    findings = [value.value for value in label.values if value.is_finding]
    if not label.severities:
        return f"{given} is not null"
    known = f"coalesce(severity in {_listed(label.severities)}, false)"
    is_found = f"value in {_listed(findings)}" if findings else "false"
    return f"case when {is_found} then not {known} else {given} is not null end"


def _listed(texts: Iterable[str]) -> str:
    return f"({', '.join(map(quoted, texts))})"
