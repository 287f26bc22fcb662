"""Whether flattery pays: sycophancy in an answer beside how people rate it and what they prefer.

*Within* models: answers of one model that are sycophantic against those of it that aren't, with
topic, length and turns held. *Between* models: models that are sycophantic more often against
those that are less. Neither says what causes what.

A judge's labels are many, and its errors are taken off as if they were alike for all answers.
People's labels of the sample are few, and need nothing of the kind: each row has both. Between
models only people's are told: how a judge errs on each model is not known well enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.axis_effect import holm
from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.judge_error import NO_BETTER, quality_of, variance_of_share, why_not
from ratings.regression import (
    FEW_CLUSTERS,
    NO_ERRORS,
    UNKNOWN,
    ErrorRates,
    Regression,
    Rows,
    Slope,
    e_value,
    indicators,
    regression,
)
from ratings.tables.declarations import as_table
from ratings.tables.inputs import Read
from ratings.tables.labelled_units import Labelled, Sample, Units
from ratings.tables.labels import SEVERAL_PROMPTS

SYCOPHANCY = "sycophancy"
WITHIN, BETWEEN = "within_models", "between_models"
TOO_FEW = "too_little_data"
# In standard errors of what people alone say: one in a hundred by chance.
FAR = 2.576
BY_MODEL = "errors_by_model_unknown"
PEOPLE_DIFFER = "people_say_otherwise"
FEWEST_MODELS = 5
EFFECT = "sycophancy_effect"


@dataclass(frozen=True)
class Outcomes:
    """N ratings of an answer, or verdicts on two.

    Args:
        name: of the outcome.
        value: a rating, or 1 where the first answer won, 0 where it lost, ½ for a tie (N).
        first: place of the answer among the judge's units (N).
        second: that of the other answer; None of ratings (N).
        length: characters that the person wrote, NaN where unknown (N).
        turns: that they took, NaN where unknown (N).
    """

    name: str
    value: FloatArray
    first: IndexArray
    second: IndexArray | None
    length: FloatArray
    turns: FloatArray


def sycophancy_tables(read: Read, labelled: Labelled) -> dict[str, pa.Table]:
    """`sycophancy_effect`; none where no judge labelled sycophancy."""
    broad = [sample for sample in labelled.samples if sample.is_broad]
    made: list[dict[str, Any]] = []
    for units, _ in labelled.judges:
        if units.is_people or units.key["label"] != SYCOPHANCY:
            continue
        rows = list(_of_judge(read, units, broad))
        known = [row for row in rows if math.isfinite(row["p"])]
        for row, adjusted in zip(known, holm([row["p"] for row in known]), strict=True):
            row["p_adjusted"] = adjusted
        made += rows
    return {EFFECT: as_table(EFFECT, made)} if made else {}


def _of_judge(read: Read, units: Units, samples: list[Sample]) -> Iterator[dict[str, Any]]:
    rates, why = _error_rates(units)
    for outcomes in _every_outcome(read, units):
        by_people = _labelled_by_people(units, outcomes)
        for sample in samples:
            weight = _weight(units, outcomes, sample)
            kept = np.flatnonzero(weight > 0.0)
            if not kept.size:
                continue
            sampled = kept[by_people[kept]]
            shared = {
                **{name: units.key[name] for name in ("judge", "judge_version", "rubric_version")},
                "outcome": outcomes.name,
                "weighting": sample.weighting,
                "stratum_id": sample.stratum_id,
                "answer_count": int(kept.size),
                "participant_count": int(np.unique(units.person[outcomes.first[kept]]).size),
                "model_count": int(_models(units, outcomes, kept).size),
                "human_count": int(units.both.size),
                "people_answer_count": int(sampled.size),
                "p_adjusted": math.nan,
            }
            judge, people = units.judge_finds, np.nan_to_num(units.human_finds)
            yield shared | _within_models(
                _within(units, outcomes, weight, kept, judge),
                _within(units, outcomes, weight, sampled, people), rates, why,
            )  # fmt: skip
            yield shared | _between_models(
                _between(units, outcomes, weight, kept, judge),
                _between(units, outcomes, weight, sampled, people),
            )  # fmt: skip


def _labelled_by_people(units: Units, outcomes: Outcomes) -> Mask:
    is_known: Mask = np.isfinite(units.human_finds)
    of_first = is_known[outcomes.first]
    return of_first if outcomes.second is None else of_first & is_known[outcomes.second]


def _error_rates(units: Units) -> tuple[ErrorRates, str | None]:
    """The judge's, and why they can't be used."""
    both = units.both
    quality = quality_of(
        units.judge_finds[both], units.human_finds[both], np.ones(both.size),
        units.groups[0].labelled,
    )  # fmt: skip
    why = SEVERAL_PROMPTS if units.prompt_count > 1 else why_not(quality)[0]
    if why is not None:
        return NO_ERRORS, why
    found, passed = quality.found, quality.passed
    rates = [float(share.value[0]) for share in (found, passed)]
    variances = [
        variance_of_share(rate, float(share.worth[0]))
        for rate, share in zip(rates, (found, passed), strict=True)
    ]
    return ErrorRates(*rates, *variances), None


def _every_outcome(read: Read, units: Units) -> Iterator[Outcomes]:
    ratings = read("labelled_ratings")
    for criterion in sorted(set(ratings.column("criterion").to_pylist())):
        own = ratings.filter(pc.equal(ratings.column("criterion"), criterion))
        place, is_there = _places(units, own, "unit_id")
        if is_there.any():
            yield _outcomes(f"{criterion}_rating", own, "rating", is_there, place, None)
    verdicts = read("labelled_verdicts")
    for dimension in sorted(set(verdicts.column("dimension").to_pylist())):
        own = verdicts.filter(pc.equal(verdicts.column("dimension"), dimension))
        first, knows_first = _places(units, own, "unit_a")
        second, knows_second = _places(units, own, "unit_b")
        both = knows_first & knows_second
        if both.any():
            yield _outcomes(f"{dimension}_verdict", own, "score", both, first, second)


def _outcomes(
    name: str, rows: pa.Table, value: str, kept: Mask, first: IndexArray, second: IndexArray | None
) -> Outcomes:
    return Outcomes(
        name,
        _numbers(rows, value)[kept],
        first[kept],
        None if second is None else second[kept],
        length=_numbers(rows, "length")[kept],
        turns=_numbers(rows, "turns")[kept],
    )


def _numbers(table: pa.Table, name: str) -> FloatArray:
    column: FloatArray = table.column(name).cast(pa.float64()).to_numpy()
    return column


def _places(units: Units, table: pa.Table, name: str) -> tuple[IndexArray, Mask]:
    order = np.argsort(units.unit, kind="stable")
    wanted = table.column(name).to_numpy().astype(np.int64)
    place = order[np.minimum(np.searchsorted(units.unit[order], wanted), units.unit.size - 1)]
    return place, units.unit[place] == wanted


def _weight(units: Units, outcomes: Outcomes, sample: Sample) -> FloatArray:
    person = units.person[outcomes.first]
    if sample.people is None:
        return np.isin(units.cell[outcomes.first], sample.cells).astype(np.float64)
    spread: FloatArray = sample.people[person] / np.bincount(person)[person]
    return spread


def _models(units: Units, outcomes: Outcomes, kept: IndexArray) -> IndexArray:
    named = [units.model[outcomes.first[kept]]]
    if outcomes.second is not None:
        named.append(units.model[outcomes.second[kept]])
    models: IndexArray = np.unique(np.concatenate(named))
    return models


def _within(
    units: Units, outcomes: Outcomes, weight: FloatArray, kept: IndexArray, finds: FloatArray
) -> Regression | None:
    if not kept.size:
        return None
    first = outcomes.first[kept]
    models = _models(units, outcomes, kept)
    of_first = indicators(np.searchsorted(models, units.model[first]))
    of_first = np.pad(of_first, ((0, 0), (0, models.size - of_first.shape[1])))
    if outcomes.second is None:
        topic = indicators(units.topic[first] - units.topic[first].min(initial=0))
        depth = [_logarithm(outcomes.length[kept]), _logarithm(outcomes.turns[kept])]
        controls = np.column_stack([of_first, topic, *depth])
        exposure, labels, findings = finds[first], np.ones(kept.size), finds[first]
    else:
        # What is alike for both answers of a battle, such as its topic, can't favour one of them.
        second = outcomes.second[kept]
        of_second = indicators(np.searchsorted(models, units.model[second]))
        of_second = np.pad(of_second, ((0, 0), (0, models.size - of_second.shape[1])))
        controls = of_first - of_second
        exposure, labels = finds[first] - finds[second], np.full(kept.size, 2.0)
        findings = finds[first] + finds[second]
    value, whose = outcomes.value[kept], units.person[first]
    return regression(Rows(value, exposure, controls, whose, weight[kept], labels, findings))


def _logarithm(amount: FloatArray) -> FloatArray:
    # What is unknown has the mean.
    known = np.isfinite(amount)
    values = np.log1p(np.where(known, amount, 0.0))
    return np.where(known, values, values[known].mean() if known.any() else 0.0)


def _between(
    units: Units, outcomes: Outcomes, weight: FloatArray, kept: IndexArray, finds: FloatArray
) -> Regression | None:
    if np.unique(units.person[outcomes.first[kept]]).size < FEW_CLUSTERS:
        return None
    model, value = units.model[outcomes.first[kept]], outcomes.value[kept]
    found, mass = finds[outcomes.first[kept]], weight[kept]
    if outcomes.second is not None:
        second = outcomes.second[kept]
        model = np.concatenate([model, units.model[second]])
        value = np.concatenate([value, 1.0 - value])
        found = np.concatenate([found, finds[second]])
        mass = np.concatenate([mass, mass])
    names, place = np.unique(model, return_inverse=True)
    total = np.bincount(place, mass)
    if names.size < FEWEST_MODELS:
        return None
    means = [np.bincount(place, mass * column) / total for column in (value, found)]
    each = np.bincount(place, mass**2) / total**2
    nothing = np.empty((names.size, 0))
    value, rate = means
    one = np.ones(names.size)
    return regression(Rows(value, rate, nothing, np.arange(names.size), one, each, each * rate))


def _within_models(
    made: Regression | None, people: Regression | None, rates: ErrorRates, why: str | None
) -> dict[str, Any]:
    naive, alone = _slope(made), _slope(people)
    corrected = UNKNOWN if made is None or why else made.slope(rates)
    if why is None and not corrected.is_known:
        why = NO_BETTER if naive.is_known else TOO_FEW
    if abs(corrected.estimate - alone.estimate) > FAR * alone.sd:
        why, corrected = PEOPLE_DIFFER, UNKNOWN
    sd = math.nan if made is None else made.outcome_sd
    crosses = corrected.low <= 0.0 <= corrected.high
    limit = 0.0 if crosses else min(abs(corrected.low), abs(corrected.high))
    return {
        **_figures(WITHIN, naive, alone, corrected),
        "e_value": e_value(corrected.estimate / sd) if corrected.is_known else math.nan,
        "e_value_limit": e_value(limit / sd) if corrected.is_known else math.nan,
        "not_estimated_reason": why,
    }


def _between_models(made: Regression | None, people: Regression | None) -> dict[str, Any]:
    naive, alone = (_slope(one, FEWEST_MODELS) for one in (made, people))
    return {
        **_figures(BETWEEN, naive, alone, UNKNOWN),
        "e_value": math.nan,
        "e_value_limit": math.nan,
        "not_estimated_reason": BY_MODEL if naive.is_known else TOO_FEW,
    }


def _slope(made: Regression | None, fewest: int = FEW_CLUSTERS) -> Slope:
    return UNKNOWN if made is None else made.slope(fewest=fewest)


def _figures(level: str, naive: Slope, people: Slope, corrected: Slope) -> dict[str, Any]:
    named = {"naive_effect": naive, "people_effect": people, "effect": corrected}
    figures = {
        f"{name}{end}": value
        for name, slope in named.items()
        for end, value in (("", slope.estimate), ("_lo", slope.low), ("_hi", slope.high))
    }
    return {"level": level, "p": corrected.p, **figures}
