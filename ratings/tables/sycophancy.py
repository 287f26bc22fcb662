"""Whether flattery pays: sycophancy in an answer beside how people rate it and what they prefer.

*Within* models: answers of one model that are sycophantic against those of it that aren't, with
topic, length and turns held. *Between* models: models that are sycophantic more often against
those that are less. Neither says what causes what.
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
from ratings.judge_error import NO_BETTER, quality_of, why_not
from ratings.regression import (
    FEW_CLUSTERS,
    NO_ERRORS,
    UNKNOWN,
    ErrorRates,
    Regression,
    Rows,
    e_value,
    indicators,
    regression,
)
from ratings.tables.declarations import as_table
from ratings.tables.inputs import Read
from ratings.tables.labelled_units import Labelled, Sample, Units
from ratings.tables.labels import SEVERAL_PROMPTS

SYCOPHANCY = "sycophancy"
RATING = "personality_rating"
WITHIN, BETWEEN = "within_models", "between_models"
TOO_FEW = "too_little_data"
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
    share = (units.judge_finds.mean() - 1.0 + rates.specificity) / max(rates.span, 1e-9)
    share = min(max(float(share), 0.0), 1.0)
    for outcomes in _every_outcome(read, units):
        for sample in samples:
            weight = _weight(units, outcomes, sample)
            kept = np.flatnonzero(weight > 0.0)
            if not kept.size:
                continue
            people = int(np.unique(units.person[outcomes.first[kept]]).size)
            for level, made, fewest in (
                (WITHIN, _within(units, outcomes, weight, kept), FEW_CLUSTERS),
                (
                    BETWEEN,
                    None if people < FEW_CLUSTERS else _between(units, outcomes, weight, kept),
                    FEWEST_MODELS,
                ),
            ):
                yield {
                    **{name: units.key[name] for name in ("judge", "judge_version")},
                    "rubric_version": units.key["rubric_version"],
                    "outcome": outcomes.name,
                    "level": level,
                    "weighting": sample.weighting,
                    "stratum_id": sample.stratum_id,
                    "answer_count": int(kept.size),
                    "participant_count": people,
                    "model_count": int(_models(units, outcomes, kept).size),
                    "human_count": int(units.both.size),
                    "p_adjusted": math.nan,
                    **_figures(made, rates, share, why, fewest),
                }


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
    variances = [
        float(share.value[0] * (1.0 - share.value[0]) / share.worth[0]) for share in (found, passed)
    ]
    return ErrorRates(float(found.value[0]), float(passed.value[0]), *variances), None


def _every_outcome(read: Read, units: Units) -> Iterator[Outcomes]:
    ratings = read("labelled_ratings")
    place, is_there = _places(units, ratings, "unit_id")
    if is_there.any():
        yield _outcomes(RATING, ratings, "rating", is_there, place, None)
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
    units: Units, outcomes: Outcomes, weight: FloatArray, kept: IndexArray
) -> Regression | None:
    first, finds = outcomes.first[kept], units.judge_finds
    models = _models(units, outcomes, kept)
    of_first = indicators(np.searchsorted(models, units.model[first]))
    of_first = np.pad(of_first, ((0, 0), (0, models.size - of_first.shape[1])))
    if outcomes.second is None:
        topic = indicators(units.topic[first] - units.topic[first].min(initial=0))
        depth = [_logarithm(outcomes.length[kept]), _logarithm(outcomes.turns[kept])]
        controls = np.column_stack([of_first, topic, *depth])
        exposure, labels = finds[first], np.ones(kept.size)
    else:
        # What is alike for both answers of a battle, such as its topic, can't favour one of them.
        second = outcomes.second[kept]
        of_second = indicators(np.searchsorted(models, units.model[second]))
        of_second = np.pad(of_second, ((0, 0), (0, models.size - of_second.shape[1])))
        controls = of_first - of_second
        exposure, labels = finds[first] - finds[second], np.full(kept.size, 2.0)
    return regression(
        Rows(outcomes.value[kept], exposure, controls, units.person[first], weight[kept], labels)
    )


def _logarithm(amount: FloatArray) -> FloatArray:
    # What is unknown has the mean.
    known = np.isfinite(amount)
    values = np.log1p(np.where(known, amount, 0.0))
    return np.where(known, values, values[known].mean() if known.any() else 0.0)


def _between(
    units: Units, outcomes: Outcomes, weight: FloatArray, kept: IndexArray
) -> Regression | None:
    model, value = units.model[outcomes.first[kept]], outcomes.value[kept]
    found, mass = units.judge_finds[outcomes.first[kept]], weight[kept]
    if outcomes.second is not None:
        second = outcomes.second[kept]
        model = np.concatenate([model, units.model[second]])
        value = np.concatenate([value, 1.0 - value])
        found = np.concatenate([found, units.judge_finds[second]])
        mass = np.concatenate([mass, mass])
    names, place = np.unique(model, return_inverse=True)
    total = np.bincount(place, mass)
    if names.size < FEWEST_MODELS:
        return None
    means = [np.bincount(place, mass * column) / total for column in (value, found)]
    each = np.bincount(place, mass**2) / total**2
    one = np.ones(names.size)
    return regression(
        Rows(means[0], means[1], np.empty((names.size, 0)), np.arange(names.size), one, each)
    )


def _figures(
    made: Regression | None, rates: ErrorRates, share: float, why: str | None, fewest: int
) -> dict[str, Any]:
    naive = UNKNOWN if made is None else made.slope(fewest=fewest)
    corrected = UNKNOWN if made is None or why else made.slope(rates, share, fewest=fewest)
    if why is None and not corrected.is_known:
        why = NO_BETTER if naive.is_known else TOO_FEW
    # Between models a difference is of all answers against none, which no model gives.
    is_within = corrected.is_known and fewest == FEW_CLUSTERS
    sd = math.nan if made is None else made.outcome_sd
    crosses = corrected.low <= 0.0 <= corrected.high
    limit = 0.0 if crosses else min(abs(corrected.low), abs(corrected.high))
    return {
        "naive_effect": naive.estimate,
        "naive_effect_lo": naive.low,
        "naive_effect_hi": naive.high,
        "effect": corrected.estimate,
        "effect_lo": corrected.low,
        "effect_hi": corrected.high,
        "p": corrected.p,
        "e_value": e_value(corrected.estimate / sd) if is_within else math.nan,
        "e_value_limit": e_value(limit / sd) if is_within else math.nan,
        "not_estimated_reason": why,
    }
