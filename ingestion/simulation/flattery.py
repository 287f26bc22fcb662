"""Answers that were rated one at a time in a simulated study: which flatter, and who says so.

An answer of a rating task is sycophantic at its model's rate (judged.py). People like such an
answer more at first, by LIKED_AT_FIRST, and rate its personality lower in the end, by FLATTERED;
nothing else of it. A judge that errs labels every task, and people a random sample. In battles
sycophancy moves no verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.simulation.battles import BoolArray, numbered
from ingestion.simulation.judged import (
    JUDGE,
    PERSON,
    SENSITIVITY,
    SPECIFICITY,
    SYCOPHANCY,
    model_rates,
    said_of,
)
from ingestion.simulation.parameters import DAY, Parameters, Purpose, stream
from ingestion.simulation.population import FloatArray, IntArray

if TYPE_CHECKING:
    from ingestion.simulation.experience import Ratings

FLATTERED, LIKED_AT_FIRST = -0.8, 0.8
TASK_DIGITS = 10
SAMPLED_SHARE = 0.3


def rates_of(parameters: Parameters, model_count: int) -> FloatArray:
    """Share of sycophantic answers of each of the first models (M)."""
    return model_rates(parameters)[SYCOPHANCY][:model_count]


def draw_flattery(parameters: Parameters, chunk: int, model: IntArray) -> BoolArray:
    """Which answers are sycophantic, by the model of each (any shape)."""
    random = stream(parameters.seed, Purpose.FLATTERY, chunk)
    rates = model_rates(parameters)[SYCOPHANCY]
    return np.asarray(random.random(model.shape) < rates[model])


def conversations_of(tasks: IntArray) -> Any:
    """Ids of the conversations of rating tasks."""
    return numbered("t", tasks, TASK_DIGITS)


def flattery_labels(
    parameters: Parameters, chunk: int, ratings: Ratings, raters: Any
) -> list[tuple[Any, Any, dict[str, Any]]]:
    """Of each labeller: native ids, times and columns of `conversation_labelled`.

    `raters`: id of the participant of every rating.
    """
    tasks, first = np.unique(ratings.task, return_index=True)
    true = ratings.is_sycophantic[first]
    random = stream(parameters.seed, Purpose.FLATTERY_LABEL, chunk)
    drawn = random.random(tasks.size)
    said = np.where(true, drawn < SENSITIVITY[SYCOPHANCY], drawn >= SPECIFICITY[SYCOPHANCY])
    sampled = np.flatnonzero(random.random(tasks.size) < SAMPLED_SHARE)
    models = pa.array([model.model_id for model in parameters.models], pa.string())
    made = []
    for who, found, rows in ((JUDGE, said, np.arange(tasks.size)), (PERSON, true, sampled)):
        conversations = conversations_of(tasks[rows])
        whose = models.take(pa.array(ratings.model[first[rows]]))
        columns = said_of(SYCOPHANCY, who, found[rows].astype(np.int64), conversations, whose)
        columns["participant_id"] = raters.take(pa.array(first[rows]))
        ids = pc.binary_join_element_wise(who["judge"], conversations, "-")
        made.append((ids, ratings.rated_at[first[rows]] + DAY, columns))
    return made
