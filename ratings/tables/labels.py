"""Tables of what judges say of conversations: how good they are, and rates corrected for that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray
from ratings.judge_error import (
    Clusters,
    Interval,
    Quality,
    Share,
    cohen_kappa,
    corrected,
    jeffreys,
    krippendorff_alpha,
    prediction_powered,
    quality_of,
    ratio_of,
    share_of,
    unseen_below,
    why_not,
)
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Read
from ratings.tables.labelled_units import EVERY, Groups, Sample, Units, every_judge, samples_of

OF_PEOPLE, SEVERAL_PROMPTS = "labelled_by_people", "several_prompts"
OWN, POOLED = "own", "pooled"
INCIDENT = "safety_incident"
Rows = list[dict[str, Any]]
Finds = tuple[FloatArray, FloatArray]
"""1 where the judge, and where people, find something; NaN where people said nothing."""


def label_tables(read: Read) -> dict[str, pa.Table]:
    """`label_quality`, `label_rate` and `safety_incident`; none where nothing is labelled."""
    labels = read("labels")
    if not labels.num_rows:
        return {}
    samples = samples_of(read)
    references = dict(zip(*read("reference_models").to_pydict().values(), strict=True))
    made: dict[str, Rows] = {"label_quality": [], "label_rate": [], INCIDENT: []}
    for units, left_out in every_judge(labels, read("rubric_values")):
        if not units.is_people:
            made["label_quality"] += _quality_rows(units, left_out, samples)
        if not units.is_finding.any():
            continue
        made["label_rate"] += _rate_rows(units, samples)
        if units.key["label"] == INCIDENT:
            made[INCIDENT] += _incident_rows(units, samples, references.get(INCIDENT))
    return {name: _table(name, rows) for name, rows in made.items() if rows}


def _table(name: str, rows: Rows) -> pa.Table:
    """Rows as a table; NaN is null."""
    columns = []
    schema = before_rounding(name)
    for field in schema:
        values = [row[field.name] for row in rows]
        if pa.types.is_float64(field.type):
            numbers = np.array(values, dtype=float)
            columns.append(pa.array(numbers, mask=np.isnan(numbers)))
        else:
            columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=schema)


def _quality_rows(units: Units, left_out: pa.Table, samples: list[Sample]) -> Rows:
    rows: Rows = []
    for sample in samples:
        if sample.people is not None:
            continue
        is_in = sample.weight(units)
        if is_in.any():
            for groups in units.groups:
                rows += _qualities(units, groups, sample, is_in, left_out)
    return rows


def _qualities(
    units: Units, groups: Groups, sample: Sample, is_in: FloatArray, left_out: pa.Table
) -> Rows:
    clusters = groups.clusters
    quality = quality_of(units.judge_finds, units.human_finds, is_in, clusters)
    shares = {"sensitivity": quality.found, "specificity": quality.passed}
    columns = {
        "label_count": clusters.sums(is_in),
        "human_count": clusters.sums(is_in * (units.human >= 0)),
        "human_finding_count": quality.found.count,
        **_intervals({name: jeffreys(share) for name, share in shares.items()}),
    }
    rows = _named(groups, columns, columns["label_count"])
    is_both = (is_in > 0.0) & (units.human >= 0)
    lost = _lost(left_out, sample)
    for row in rows:
        place = row.pop("place")
        own = np.flatnonzero(is_both & (clusters.group == place))
        said = np.concatenate([units.value[own], units.human[own]])
        row.update(units.key)
        row |= {
            "stratum_id": sample.stratum_id,
            "left_out_count": lost.get(row["model_id"], 0),
            "prompt_count": units.prompt_count,
            "cohen_kappa": cohen_kappa(units.value[own], units.human[own]),
            "krippendorff_alpha": krippendorff_alpha(np.tile(own, 2), said),
        }
    return rows


def _lost(left_out: pa.Table, sample: Sample) -> dict[str, int]:
    """Labels left out, by model."""
    cells = left_out.column("cell_id").to_numpy()
    models = left_out.filter(pa.array(np.isin(cells, sample.cells))).column("model_id").to_pylist()
    return {EVERY: len(models)} | {model: models.count(model) for model in set(models) if model}


def _rate_rows(units: Units, samples: list[Sample]) -> Rows:
    finds = units.judge_finds, units.human_finds
    rows: Rows = []
    for sample in samples:
        weight = sample.weight(units)
        if weight.any():
            for groups in units.groups:
                rows += _strip(_rates(units, finds, groups, sample, weight))
    return rows


def _incident_rows(units: Units, samples: list[Sample], reference: str | None) -> Rows:
    """Of every stratum all; of everybody and countries also by hazard, topic and severity."""
    whole = {"hazard": EVERY, "topic": EVERY, "severity": EVERY}
    rows: Rows = []
    for sample in samples:
        weight = sample.weight(units)
        if not weight.any():
            continue
        for part, finds, both_groups in _parts(units, is_broad=sample.is_broad):
            for groups in both_groups:
                own = _rates(units, finds, groups, sample, weight)
                rows += [whole | part | row for row in own]
    return _graded(rows, reference)


def _parts(units: Units, *, is_broad: bool) -> list[tuple[dict[str, str], Finds, list[Groups]]]:
    """What is found, by whom, and of whose answers."""
    finds = units.judge_finds, units.human_finds
    parts: list[tuple[dict[str, str], Finds, list[Groups]]] = [({}, finds, units.groups)]
    if not is_broad:
        return parts
    parts.append(({}, finds, units.topics))
    for code, hazard in enumerate(units.names["value"]):
        if units.is_finding[code]:
            same = _same(units.value, units.human, units.human, code)
            parts.append(({"hazard": hazard}, same, units.groups))
    for code, severity in enumerate(units.names["severity"]):
        same = _same(units.severity, units.human_severity, units.human, code)
        parts.append(({"severity": severity}, same, units.groups))
    return parts


def _same(judge: IndexArray, human: IndexArray, known: IndexArray, code: int) -> Finds:
    return (judge == code).astype(float), np.where(known >= 0, human == code, np.nan)


def _rates(units: Units, finds: Finds, groups: Groups, sample: Sample, weight: FloatArray) -> Rows:
    """Rates of every group that has answers; `naive`, `effective` and `best` are for grading."""
    judge, human = finds
    clusters = groups.clusters
    naive = share_of(judge, weight, clusters)
    alone = share_of(judge, weight * np.isnan(human), clusters)
    quality, basis = _quality(units, finds, clusters, weight)
    fixed, why = corrected(alone, quality)
    powered, why_not_powered = prediction_powered(judge, human, weight, clusters)
    for reason, holds in ((SEVERAL_PROMPTS, units.prompt_count > 1), (OF_PEOPLE, units.is_people)):
        if holds:
            fixed = powered = Interval(*(np.full(clusters.size, np.nan) for _ in range(3)))
            why[:] = why_not_powered[:] = reason
    columns = {
        "answer_count": naive.count,
        "finding_count": clusters.sums(judge * (weight > 0.0)),
        "participant_count": naive.people,
        "effective_count": naive.effective,
        **_intervals(
            {"naive_share": jeffreys(naive), "corrected_share": fixed, "powered_share": powered}
        ),
        "not_corrected_reason": why,
        "not_powered_reason": why_not_powered,
        "error_basis": [own if no is None else None for no, own in zip(why, basis, strict=True)],
        "human_count": quality.both_count,
        "unseen_below": unseen_below(naive),
    }
    about = {"weighting": sample.weighting, "stratum_id": sample.stratum_id}
    return [about | units.key | row for row in _named(groups, columns, naive.count)]


def _quality(
    units: Units, finds: Finds, clusters: Clusters, weight: FloatArray
) -> tuple[Quality, FloatArray]:
    """Each group's own quality where people labelled enough of it, else that of all answers."""
    own = quality_of(*finds, weight, clusters)
    every = quality_of(*finds, np.ones(weight.size), units.groups[0].clusters)
    is_own = np.array([one is None for one in why_not(own)])

    def chosen(mine: Share, all_of_it: Share) -> Share:
        return Share(
            *(
                np.where(is_own, getattr(mine, name), getattr(all_of_it, name)[0])
                for name in ("value", "effective", "count", "people")
            )
        )

    both = Quality(chosen(own.found, every.found), chosen(own.passed, every.passed))
    return both, np.where(is_own, OWN, POOLED)


def _graded(rows: Rows, reference: str | None) -> Rows:
    """The rows with their ratio to the model of reference, of corrected shares where both have."""
    keys: tuple[str, ...] = (
        "weighting",
        "stratum_id",
        "judge",
        "judge_version",
        "rubric",
        "rubric_version",
    )
    keys += ("hazard", "topic", "severity")
    of_reference = {
        tuple(row[key] for key in keys): row for row in rows if row["model_id"] == reference
    }
    for row in rows:
        other = of_reference.get(tuple(row[key] for key in keys))
        row |= {"reference_model_id": other and reference, **_ratio(row, other)}
    return _strip(rows)


def _ratio(row: dict[str, Any], other: dict[str, Any] | None) -> dict[str, float]:
    names = ("ratio", "ratio_lo", "ratio_hi")
    if other is None or other is row or row["model_id"] == EVERY:
        return dict.fromkeys(names, np.nan)
    is_corrected = not np.isnan(row["corrected_share"] + other["corrected_share"])
    base = "corrected_share" if is_corrected else "naive_share"
    ends = [tuple(one[f"{base}{end}"] for end in ("", "_lo", "_hi")) for one in (row, other)]
    return dict(zip(names, ratio_of(*ends), strict=True))


def _intervals(intervals: dict[str, Interval]) -> dict[str, FloatArray]:
    ends = ("", "_lo", "_hi")
    return {
        name + end: one
        for name, three in intervals.items()
        for end, one in zip(ends, three, strict=True)
    }


def _named(groups: Groups, columns: dict[str, Any], count: FloatArray) -> Rows:
    """A row per group with a name and any answers; counts are whole."""
    rows = []
    for place, names in enumerate(groups.names):
        if count[place] and names["model_id"]:
            own = {name: column[place] for name, column in columns.items()}
            counts = {name for name in own if name.endswith("_count")} - {"effective_count"}
            whole = {name: int(own[name]) for name in counts}
            rows.append({"place": place, **names, **own, **whole})
    return rows


def _strip(rows: Rows) -> Rows:
    for row in rows:
        row.pop("place")
    return rows
