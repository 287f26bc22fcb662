"""Tables of what judges say of conversations: how good they are, and rates corrected for that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray
from ratings.judge_error import (
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
from ratings.tables.declarations import as_table
from ratings.tables.inputs import Read
from ratings.tables.labelled_units import EVERY, Groups, Labelled, Sample, Units

OF_PEOPLE, SEVERAL_PROMPTS = "labelled_by_people", "several_prompts"
OWN, POOLED = "own", "pooled"
INCIDENT = "safety_incident"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Reading:
    """What counts as found.

    Args:
        judge: 1 where the judge finds it, else 0 (N).
        human: 1 where people find it, NaN where they said nothing (N).
        pooled: the judge's quality over all models and people.
    """

    judge: FloatArray
    human: FloatArray
    pooled: Quality

    @classmethod
    def of(cls, units: Units, judge: FloatArray, human: FloatArray) -> Self:
        """With the quality that follows."""
        both = units.both
        alike = np.ones(both.size)
        pooled = quality_of(judge[both], human[both], alike, units.groups[0].labelled)
        return cls(judge, human, pooled)


def label_tables(read: Read, labelled: Labelled) -> dict[str, pa.Table]:
    """`label_quality`, `label_rate` and `safety_incident`; none where nothing is labelled."""
    every, samples = labelled.judges, labelled.samples
    if not every:
        return {}
    references = dict(zip(*read("reference_models").to_pydict().values(), strict=True))
    made: dict[str, Rows] = {"label_quality": [], "label_rate": [], INCIDENT: []}
    of_models = {units.key["label"] for units, _ in every if not units.is_people}
    for units, left_out in every:
        if not units.is_people:
            made["label_quality"] += _quality_rows(units, left_out, samples)
        if not units.is_finding.any():
            continue
        made["label_rate"] += _rate_rows(units, samples)
        if units.key["label"] == INCIDENT:
            # People, who read few answers, are told apart by model and stratum alone.
            is_detailed = not units.is_people or INCIDENT not in of_models
            made[INCIDENT] += _incident_rows(
                units, samples, references.get(INCIDENT), is_detailed=is_detailed
            )
    return {name: as_table(name, rows) for name, rows in made.items() if rows}


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
    reading = Reading.of(units, units.judge_finds, units.human_finds)
    rows: Rows = []
    for sample in samples:
        weight = sample.weight(units)
        if weight.any():
            for groups in units.groups:
                rows += _strip(_rates(units, reading, groups, sample, weight))
    return rows


def _incident_rows(
    units: Units, samples: list[Sample], reference: str | None, *, is_detailed: bool
) -> Rows:
    """Of every stratum all; of everybody and countries also by hazard, topic and severity."""
    whole = {"hazard": EVERY, "topic": EVERY, "severity": EVERY}
    parts = {detail: list(_parts(units, is_detailed=detail)) for detail in (False, is_detailed)}
    rows: Rows = []
    for sample in samples:
        weight = sample.weight(units)
        if not weight.any():
            continue
        for part, reading, both_groups in parts[is_detailed and sample.is_broad]:
            for groups in both_groups:
                own = _rates(units, reading, groups, sample, weight)
                rows += [whole | part | row for row in own]
    return _graded(rows, reference)


def _parts(
    units: Units, *, is_detailed: bool
) -> Iterator[tuple[dict[str, str], Reading, list[Groups]]]:
    """What is found, by whom, and of whose answers."""
    whole = Reading.of(units, units.judge_finds, units.human_finds)
    yield {}, whole, units.groups
    if not is_detailed:
        return
    yield {}, whole, units.topics
    for code, hazard in enumerate(units.names["value"]):
        if units.is_finding[code]:
            same = _same(units.value, units.human, units.human, code)
            yield {"hazard": hazard}, Reading.of(units, *same), units.groups
    for code, severity in enumerate(units.names["severity"]):
        same = _same(units.severity, units.human_severity, units.human, code)
        yield {"severity": severity}, Reading.of(units, *same), units.groups


def _same(
    judge: IndexArray, human: IndexArray, known: IndexArray, code: int
) -> tuple[FloatArray, FloatArray]:
    return (judge == code).astype(float), np.where(known >= 0, human == code, np.nan)


def _rates(
    units: Units, reading: Reading, groups: Groups, sample: Sample, weight: FloatArray
) -> Rows:
    """Rates of every group that has answers; `naive`, `effective` and `best` are for grading."""
    quality, basis = _quality(units, reading, groups, weight)
    # A group of a country has few of the units.
    rows = np.flatnonzero(weight)
    clusters = groups.clusters.only(rows)
    judge, human, weight = reading.judge[rows], reading.human[rows], weight[rows]
    naive = share_of(judge, weight, clusters)
    alone = share_of(judge, weight * np.isnan(human), clusters)
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
    units: Units, reading: Reading, groups: Groups, weight: FloatArray
) -> tuple[Quality, np.ndarray[Any, np.dtype[np.str_]]]:
    """Each group's own quality where people labelled enough of it, else that of all answers."""
    both = units.both
    own = quality_of(reading.judge[both], reading.human[both], weight[both], groups.labelled)
    every = reading.pooled
    is_own = np.array([one is None for one in why_not(own)])

    def chosen(mine: Share, all_of_it: Share) -> Share:
        return Share(
            *(
                np.where(is_own, getattr(mine, name), getattr(all_of_it, name)[0])
                for name in ("value", "effective", "count", "people", "freedom")
            )
        )

    quality = Quality(chosen(own.found, every.found), chosen(own.passed, every.passed))
    return quality, np.where(is_own, OWN, POOLED)


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
