"""Answers of a simulated study, what is true of them, and what an erring judge and people say.

A quarter of the conversations is read by a judge, both models' answers of each. Of these, people
label a random sample too; they do not err. Truths: whether an answer is sycophantic, at a rate of
its model; and whether it is a safety incident, at a rate of its model times a factor of the topic,
times one of the person (gamma with mean 1), as some people bring more of it about.

As a document, in `truth.json`, `judged`: the judge's sensitivity and specificity per label; per
model its rates over all topics; factors of topics; shares of hazards and of severities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.rubrics.prompt import prompt_sha256
from ingestion.rubrics.reading import find_rubric
from ingestion.simulation.parameters import DAY, TOPICS, Parameters, Purpose, stream
from ingestion.simulation.population import FloatArray, IntArray

if TYPE_CHECKING:
    from ingestion.simulation.battles import Battles

READ_SHARE, SAMPLED_SHARE = 0.25, 0.15
SYCOPHANCY, INCIDENT = "sycophancy", "safety_incident"
NONE = "none"
SENSITIVITY = {SYCOPHANCY: 0.8, INCIDENT: 0.75}
SPECIFICITY = {SYCOPHANCY: 0.9, INCIDENT: 0.985}
SYCOPHANCY_RATES, INCIDENT_RATES = (0.1, 0.5), (0.005, 0.06)
SENSITIVE_TOPICS = ("health and wellbeing", "money", "relationships")
SENSITIVE_FACTOR = 2.0
PERSON_SHAPE = 4.0
# Common hazards first; what is left of the share falls to the others evenly.
HAZARD_SHARES = {"specialized_advice": 0.4, "privacy": 0.2, "hate": 0.1}
SEVERITY_SHARES = {"minor": 0.6, "serious": 0.3, "severe": 0.1}
JUDGE = {"judge": "simulated-reader", "judge_version": "1", "labeller_kind": "model"}
PERSON = {"judge": "simulated-person", "judge_version": "1", "labeller_kind": "human"}
SEED = 7

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Judged:
    """Answers of one chunk that were read: n of them.

    Args:
        battle: place of each one's battle in the chunk (n).
        model: place of its model in the study (n).
        is_sampled: whether people labelled it too (n).
        truth: per label, the place of its true value among `values` (n).
        said: per label, that of the judge's (n).
        severity: place in SEVERITY_SHARES of an incident, by the person who finds one (n).
    """

    battle: IntArray
    model: IntArray
    is_sampled: BoolArray
    truth: dict[str, IntArray]
    said: dict[str, IntArray]
    severity: IntArray

    def __len__(self) -> int:
        return len(self.battle)


def values(label: str) -> tuple[str, ...]:
    """The values of a label; the first is that of nothing found."""
    [found] = [one for one in find_rubric(label).labels if one.label == label]
    return tuple(value.value for value in found.values)


def model_rates(parameters: Parameters) -> dict[str, FloatArray]:
    """Per label, the rate of each model over all topics and people."""
    random = stream(parameters.seed, Purpose.JUDGED)
    count = parameters.model_count
    evenly = {
        SYCOPHANCY: np.linspace(*SYCOPHANCY_RATES, count),
        INCIDENT: np.geomspace(*INCIDENT_RATES, count),
    }
    return {label: random.permutation(rates).round(6) for label, rates in evenly.items()}


def topic_factors() -> FloatArray:
    """What a topic multiplies the incident rate by; 1 on the mean over topics, which are even."""
    is_sensitive = np.isin(TOPICS, SENSITIVE_TOPICS)
    rest = (len(TOPICS) - SENSITIVE_FACTOR * is_sensitive.sum()) / (~is_sensitive).sum()
    return np.where(is_sensitive, SENSITIVE_FACTOR, rest)


def hazard_shares() -> FloatArray:
    """Share of each hazard among incidents, in the rubric's order."""
    hazards = values(INCIDENT)[1:]
    rest = (1.0 - sum(HAZARD_SHARES.values())) / (len(hazards) - len(HAZARD_SHARES))
    return np.array([HAZARD_SHARES.get(hazard, rest) for hazard in hazards])


def draw_judged(parameters: Parameters, chunk: int, battles: Battles) -> Judged:
    """The answers of a chunk that a judge reads, and the labels they get."""
    random = stream(parameters.seed, Purpose.JUDGED, 1, chunk)
    people = int(battles.participant.max(initial=-1)) + 1
    factor = random.gamma(PERSON_SHAPE, 1.0 / PERSON_SHAPE, people)
    read = np.flatnonzero(random.random(len(battles)) < READ_SHARE)
    battle = np.repeat(read, 2)
    model = np.stack([battles.left[read], battles.right[read]], axis=1).reshape(-1)
    rates = model_rates(parameters)
    size = len(battle)
    is_sycophantic = random.random(size) < rates[SYCOPHANCY][model]
    risk = rates[INCIDENT][model] * topic_factors()[battles.topic[battle]]
    is_incident = random.random(size) < risk * factor[battles.participant[battle]]
    hazard = 1 + random.choice(len(values(INCIDENT)) - 1, size, p=hazard_shares())
    other = 1 + random.choice(len(values(INCIDENT)) - 1, size, p=hazard_shares())
    truth = {
        SYCOPHANCY: is_sycophantic.astype(np.int64),
        INCIDENT: np.where(is_incident, hazard, 0),
    }
    said = {}
    for label, true in truth.items():
        drawn = random.random(size)
        is_found = np.where(true > 0, drawn < SENSITIVITY[label], drawn >= SPECIFICITY[label])
        found = np.where(true > 0, true, other if label == INCIDENT else 1)
        said[label] = np.where(is_found, found, 0)
    severity = random.choice(len(SEVERITY_SHARES), size, p=list(SEVERITY_SHARES.values()))
    return Judged(battle, model, random.random(size) < SAMPLED_SHARE, truth, said, severity)


def label_columns(
    parameters: Parameters, battles: Battles, judged: Judged, conversation_ids: Any
) -> list[tuple[Any, Any, dict[str, Any]]]:
    """Of each label and labeller: native ids, times and columns of `conversation_labelled`."""
    models = pa.array([model.model_id for model in parameters.models], pa.string())
    grades = pa.array(list(SEVERITY_SHARES), pa.string())
    tables = []
    for label in (SYCOPHANCY, INCIDENT):
        for who, every, rows in (
            (JUDGE, judged.said[label], np.arange(len(judged))),
            (PERSON, judged.truth[label], np.flatnonzero(judged.is_sampled)),
        ):
            codes = every[rows]
            graded = np.where((codes > 0) & (label == INCIDENT), judged.severity[rows], -1)
            conversations = conversation_ids.take(pa.array(judged.battle[rows]))
            whose = models.take(pa.array(judged.model[rows]))
            columns = said_of(label, who, codes, conversations, whose)
            columns["severity"] = grades.take(pa.array(graded, mask=graded < 0))
            ids = pc.binary_join_element_wise(who["judge"], label, conversations, whose, "-")
            tables.append((ids, battles.judged_at[judged.battle[rows]] + DAY, columns))
    return tables


def said_of(
    label: str, who: dict[str, str], codes: IntArray, conversations: Any, models: Any
) -> dict[str, Any]:
    """Columns of `conversation_labelled`: what a labeller says of answers, by places of values."""
    rubric = find_rubric(label)
    columns = {
        "conversation_id": conversations,
        "label": label,
        "value": pa.array(values(label), pa.string()).take(pa.array(codes)),
        "rubric": rubric.rubric,
        "rubric_version": rubric.version,
        "model_id": models,
        **who,
    }
    if who is JUDGE:
        columns |= {"prompt_sha256": prompt_sha256(rubric), "seed": pa.repeat(SEED, len(codes))}
    return columns


def judged_truth(parameters: Parameters) -> dict[str, Any]:
    """What `truth.json` says of all this."""
    rates = model_rates(parameters)
    return {
        "labels": [
            {"label": label, "sensitivity": SENSITIVITY[label], "specificity": SPECIFICITY[label]}
            for label in rates
        ],
        "models": [
            {"model_id": model.model_id}
            | {f"{label}_rate": float(own[place]) for label, own in rates.items()}
            for place, model in enumerate(parameters.models)
        ],
        "topic_factors": dict(zip(TOPICS, topic_factors().round(6).tolist(), strict=True)),
        "hazard_shares": dict(
            zip(values(INCIDENT)[1:], hazard_shares().round(6).tolist(), strict=True)
        ),
        "severity_shares": SEVERITY_SHARES,
    }
