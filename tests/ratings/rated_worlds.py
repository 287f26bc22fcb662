"""Worlds in which people rate models one at a time, as the tables that the rating step reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

CRITERIA = ("helpfulness", "communication", "personality", "culture")
KINDS = ("objective", "objective", "subjective", "subjective")
GROUPS = ("US/age/young", "US/age/middle", "US/age/old")
THRESHOLDS = np.array([-2.6, -2.0, -1.4, -0.6, 0.3, 1.3])
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """People of one country in three groups of an age rate some of `models` on every criterion.

    `quality` of each model; `gaps` of each criterion; `weak`: model, criterion and group that is
    lower by `weakness`; `rater_sd`, `task_sd`: how raters, and tasks, differ on all criteria;
    `habit_sd`: how raters differ in the width that they use; `repeats`: ratings of one model by one
    person; `heavy`: a tenth of people rate so many times as often.
    """

    people: int = 300
    models: int = 5
    tasks: int = 3
    repeats: int = 1
    heavy: int = 1
    quality: Floats = field(default_factory=lambda: np.zeros(5))
    gaps: Floats = field(default_factory=lambda: np.zeros(4))
    weakness: float = 0.0
    weak: tuple[int, int, int] = (1, 2, 2)
    rater_sd: float = 0.8
    task_sd: float = 0.4
    habit_sd: float = 0.0

    def rows(self, generator: np.random.Generator) -> dict[str, Any]:
        """Ratings as columns, and each person's weight under the key `weight`."""
        group = generator.integers(0, len(GROUPS), self.people)
        is_heavy = generator.random(self.people) < 0.1
        rater = self.rater_sd * generator.standard_normal(self.people)
        habit = np.exp(self.habit_sd * generator.standard_normal(self.people))
        columns: dict[str, list[Any]] = {"person": [], "model": [], "criterion": [], "rating": []}
        for person in range(self.people):
            times = self.repeats * (self.heavy if is_heavy[person] else 1)
            chosen = generator.permutation(self.models)[: self.tasks].repeat(times)
            level = self.quality[chosen][:, None] + self.gaps + rater[person]
            level = level + self.task_sd * generator.standard_normal((chosen.size, 1))
            model, criterion, weak_group = self.weak
            if group[person] == weak_group:
                level[chosen == model, criterion] += self.weakness
            level = level + generator.standard_normal(level.shape)
            rating = 1 + np.searchsorted(THRESHOLDS, level * habit[person])
            columns["person"] += [person] * rating.size
            columns["model"] += chosen.repeat(len(CRITERIA)).tolist()
            columns["criterion"] += list(range(len(CRITERIA))) * chosen.size
            columns["rating"] += rating.ravel().tolist()
        columns["cell"] = group[columns["person"]].tolist()
        # Groups that are weighted up or down, whatever they say.
        return {**columns, "weight": np.array([0.6, 1.0, 1.4])[group]}

    def expected(self) -> Floats:
        """Mean rating of every model and criterion (M, C) if everybody rates; no habits."""
        from scipy.special import ndtr

        spread = np.sqrt(1.0 + self.rater_sd**2 + self.task_sd**2)
        usual = self.quality[:, None] + self.gaps
        weak = usual.copy()
        weak[self.weak[0], self.weak[1]] += self.weakness
        means = [
            1.0 + ndtr((one[..., None] - THRESHOLDS) / spread).sum(axis=-1) for one in (usual, weak)
        ]
        return np.asarray(means[0] * 2.0 / 3.0 + means[1] / 3.0)


def reading(
    rows: Mapping[str, Any],
    *,
    parts: Mapping[str, str] | None = None,
    is_counted: Any = None,
    weighting: str = "census",
) -> Callable[..., pa.Table]:
    """How the rating step would read them; `parts`: criteria and what they are a part of."""
    size = len(rows["person"])
    known = dict(parts or {})
    ratings = pa.table(
        {
            "participant_id": pa.array(rows["person"], pa.int64()),
            "cell_id": pa.array(rows["cell"], pa.int32()),
            "model_id": [f"m{model}" for model in rows["model"]],
            "criterion": [
                one if isinstance(one, str) else CRITERIA[one] for one in rows["criterion"]
            ],
            "rating": pa.array(rows["rating"], pa.int32()),
            "is_counted": [True] * size if is_counted is None else is_counted,
        }
    )
    people = sorted(set(rows["person"]))
    weights = [
        {
            "weighting": weighting,
            "stratum_id": stratum,
            "participant_id": person,
            "weight_micro": round(1e6 * rows["weight"][person]),
        }
        for stratum in ("all", "US")
        for person in people
        if rows["weight"][person] > 0.0
    ]
    tables = {
        "experience_ratings": ratings,
        "criteria": pa.table(
            {
                "criterion": [*CRITERIA, *known],
                "kind": [*KINDS, *[None] * len(known)],
                "parent_criterion": pa.array([None] * 4 + list(known.values()), pa.string()),
            }
        ),
        "rater_weights": pa.Table.from_pylist(
            weights,
            schema=pa.schema(
                [
                    ("weighting", pa.string()),
                    ("stratum_id", pa.string()),
                    ("participant_id", pa.int64()),
                    ("weight_micro", pa.int64()),
                ]
            ),
        ),
        "stratum_cells": pa.table(
            {
                "stratum_id": ["all", "US", *GROUPS],
                "cells": [[0, 1, 2], [0, 1, 2], [0], [1], [2]],
            }
        ),
        "rating_strata": pa.table(
            {
                "stratum_id": ["all", "US", *GROUPS],
                "country": [None, "US", "US", "US", "US"],
                "axis": [None, None, "age", "age", "age"],
            }
        ),
    }
    return lambda name, **_: tables[name]
