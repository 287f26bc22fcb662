"""Benchmarks of a simulated study: one that people nearly agree with, one by half, one not at all.

A benchmark's true score of a model is a logistic function of what everybody truly thinks of it on
the study's first dimension, of the benchmark's own taste, and of a planted gap: a model that trains
for the exam is better on paper, one that people simply like is better with people. What is reported
is measured on so many questions. Names are invented.

In `truth.json`, `benchmarks`: [{benchmark, metric, better, scores {model_id: true score},
correlations {dimension: Spearman's, of everybody's true skills and true scores}, gaps [{model_id,
better_with}], inflated [model_id: also reported by its maker, higher], unmatched [model_id]}].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata

from ingestion.simulation.parameters import DAY, Purpose, stream
from ingestion.simulation.population import FloatArray
from ingestion.simulation.truth import DECIMALS, Truth
from ingestion.vocabulary import BetterScore, Relationship

METRIC = "accuracy"
GAP = 1.6
INFLATION = 0.08
# With fewer models a gap would be most of the benchmark.
MODELS_WITH_GAPS = 12
OFFICE = "Weights and Measures"
UNMATCHED = "halfpenny-1"
NORMAL_975 = 1.959963984540054


class Exam(NamedTuple):
    """A benchmark: how far it follows people, how often it asks, and what it says of its error."""

    benchmark: str
    metric: str
    better: BetterScore
    middle: float
    slope: float
    taste: float
    question_count: int
    states: str
    has_gaps: bool


EXAMS = (
    Exam("reasoning-exam", METRIC, BetterScore.HIGHER, 0.3, 1.0, 0.15, 2_000, "error", True),
    Exam("trivia-quiz", METRIC, BetterScore.HIGHER, 0.0, 0.5, 0.8, 500, "interval", False),
    Exam("offence-share", "share", BetterScore.LOWER, -2.0, 0.0, 0.6, 1_000, "", False),
)


@dataclass(frozen=True)
class Scored:
    """One exam of all models: true scores (M), as measured (M), and which have a planted gap."""

    exam: Exam
    true: FloatArray
    measured: FloatArray
    better_with: dict[int, str]


def draw_scores(truth: Truth) -> list[Scored]:
    """Every exam's scores."""
    everybody = truth.everybody[:, 0]
    spread = everybody.std()
    liked = (everybody - everybody.mean()) / spread if spread > 0.0 else np.zeros(everybody.size)
    return [_scored(truth, place, exam, liked) for place, exam in enumerate(EXAMS)]


def _scored(truth: Truth, place: int, exam: Exam, liked: FloatArray) -> Scored:
    numbers = stream(truth.parameters.seed, Purpose.BENCHMARK, place)
    taste = numbers.standard_normal(liked.size)
    gaps = numbers.permutation(liked.size)[:3]
    logit = exam.middle + exam.slope * liked + exam.taste * taste
    better_with: dict[int, str] = {}
    if exam.has_gaps and liked.size >= MODELS_WITH_GAPS:
        for model, way in zip(gaps.tolist(), (1.0, -1.0, -1.0), strict=True):
            logit[model] += way * GAP
            better_with[model] = "paper" if way > 0.0 else "people"
    true = expit(logit).round(DECIMALS)
    measured = numbers.binomial(exam.question_count, true) / exam.question_count
    return Scored(exam, true, measured, better_with)


def benchmark_columns(truth: Truth, scores: list[Scored]) -> dict[str, list[Any]]:
    """Every report as columns of `benchmark_reported`, with `native_id` and `at`.

    The last model has no score on the first exam, as models come later than benchmarks; a model
    that nobody compared has one.
    """
    rows = [row for one in scores for row in _reports(truth, one)]
    for number, row in enumerate(rows):
        row["native_id"] = f"s{number:06d}"
    return {name: [row[name] for row in rows] for name in rows[0]}


def _reports(truth: Truth, one: Scored) -> Iterator[dict[str, Any]]:
    models = truth.parameters.models
    at = truth.parameters.opens_at + DAY
    count = len(models) - one.exam.has_gaps
    for place, model in enumerate(models[:count]):
        yield _report(one.exam, model.model_id, float(one.measured[place]), at)
    if one.exam.has_gaps:
        yield _report(one.exam, UNMATCHED, float(one.measured.mean().round(3)), at)
        for place in _inflated(one):
            score = min(float(one.measured[place]) + INFLATION, 1.0)
            yield {
                **_report(one.exam, models[place].model_id, score, at),
                "harness": "in-house",
                "harness_version": None,
                "settings": '{"temperature": 0, "reasoning": true}',
                "reported_by": models[place].provider,
                "relationship": Relationship.FIRST_PARTY.value,
            }


def _inflated(one: Scored) -> range:
    """Places of the models whose makers report a score as well."""
    return range(min(3, one.true.size - 1)) if one.exam.has_gaps else range(0)


def _report(exam: Exam, model_id: str, score: float, at: int) -> dict[str, Any]:
    error = float(np.sqrt(score * (1.0 - score) / exam.question_count))
    is_interval = exam.states == "interval"
    return {
        "at": at,
        "model_id": model_id,
        "benchmark": exam.benchmark,
        "score": round(score, DECIMALS),
        "metric": exam.metric,
        "better": exam.better.value,
        "score_minimum": 0.0,
        "score_maximum": 1.0,
        "standard_error": round(error, DECIMALS) if exam.states == "error" else None,
        "score_lo": round(score - NORMAL_975 * error, DECIMALS) if is_interval else None,
        "score_hi": round(score + NORMAL_975 * error, DECIMALS) if is_interval else None,
        "sample_count": exam.question_count if exam.states else None,
        "harness": "plumb-line",
        "harness_version": "2.1",
        "settings": '{"temperature": 0}',
        "reported_by": OFFICE,
        "relationship": Relationship.THIRD_PARTY.value,
        "url": None,
    }


def benchmark_truth(truth: Truth, scores: list[Scored]) -> list[dict[str, Any]]:
    """What `truth.json` says of them."""
    models = [model.model_id for model in truth.parameters.models]
    everybody = truth.everybody
    found = []
    for one in scores:
        count = len(models) - one.exam.has_gaps
        way = -1.0 if one.exam.better is BetterScore.LOWER else 1.0
        correlations = {
            dimension: _spearman(skills[:count], way * one.true[:count])
            for dimension, skills in zip(truth.parameters.dimensions, everybody.T, strict=True)
        }
        found.append(
            {
                "benchmark": one.exam.benchmark,
                "metric": one.exam.metric,
                "better": one.exam.better.value,
                "scores": dict(zip(models[:count], one.true[:count].tolist(), strict=True)),
                "correlations": correlations,
                "gaps": [
                    {"model_id": models[place], "better_with": side}
                    for place, side in sorted(one.better_with.items())
                    if place < count
                ],
                "inflated": [models[place] for place in _inflated(one)],
                "unmatched": [UNMATCHED] if one.exam.has_gaps else [],
            }
        )
    return found


def _spearman(one: FloatArray, other: FloatArray) -> float | None:
    """Null where either has no order."""
    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return None
    return round(float(np.corrcoef(rankdata(one), rankdata(other))[0, 1]), DECIMALS)
