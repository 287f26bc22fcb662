"""Ratings of one model at a time in a simulated study, and what is true of them.

Some attentive participants rate a few models on every criterion. Behind a rating is the model's
quality, how high its criterion is rated of all models, how this rater uses the scale, how this task
went, and noise: all normal, cut into 1 to 7 by thresholds. Personality and culture are below the
rest by GAPS. One model is weak in one group on one criterion (WEAK), by WEAKNESS. Nothing else
differs: no other criterion, and no other group; without demographic effects no group at all.
A sycophantic answer is liked more at first, and its personality is rated lower in the end
(flattery.py).

In `truth.json` under `experience`: `gaps`, `weak`, and per stratum and criterion the expected
ratings of `models`, if everybody of its population rated them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from ingestion.simulation.battles import BoolArray, Participants
from ingestion.simulation.flattery import FLATTERED, LIKED_AT_FIRST, draw_flattery, rates_of
from ingestion.simulation.parameters import SECOND, Purpose, stream
from ingestion.simulation.population import FloatArray, IntArray, stratum_id
from ingestion.simulation.truth import DECIMALS, Truth

GAPS = {
    "helpfulness": 0.0,
    "communication": 0.0,
    "understanding": 0.0,
    "adaptiveness": 0.0,
    "trustworthiness": 0.0,
    "personality": -0.5,
    "background_and_culture": -0.7,
    # Asked after the first answer, the others when the task is over.
    "first_impression": 0.0,
}
CRITERIA = tuple(GAPS)
RATED_MODELS = 8
TASKS = 4
# About as many people as the first study had, however large the study.
RATERS = 500
QUALITY_SD, RATER_SD, TASK_SD = 0.4, 0.8, 0.5
THRESHOLDS = np.array([-3.2, -2.5, -1.8, -1.0, 0.0, 1.2])
WEAK_AXIS, WEAK_CRITERION, WEAKNESS = "age", "trustworthiness", -1.6
WEAK = CRITERIA.index(WEAK_CRITERION)
PERSONALITY = CRITERIA.index("personality")
FIRST_IMPRESSION = CRITERIA.index("first_impression")
TASK_SECONDS, FIRST_SECONDS = 600, 60
_SPREAD = float(np.sqrt(1.0 + RATER_SD**2 + TASK_SD**2))


@dataclass(frozen=True, eq=False)
class Ratings:
    """R ratings: places of participants in their chunk, models, criteria; 1 to 7; and when.

    ``is_sycophantic`` (R): whether the answer that was rated is.
    """

    task: IntArray
    participant: IntArray
    model: IntArray
    criterion: IntArray
    rating: IntArray
    rated_at: IntArray
    is_sycophantic: BoolArray


class _Weak(NamedTuple):
    """The first group of an axis of a country, its share of that, and a model, by places."""

    country: int
    axis: int
    model: int
    stratum_id: str
    share: float


@dataclass(frozen=True, eq=False)
class Experience:
    """What is true of the ratings of one study."""

    truth: Truth

    @property
    def model_count(self) -> int:
        """Models that are rated: the first of the roster, which don't retire."""
        return min(RATED_MODELS, self.truth.parameters.model_count)

    @cached_property
    def quality(self) -> FloatArray:
        """Of each model that is rated, in sds of noise (M)."""
        generator = stream(self.truth.parameters.seed, Purpose.RATED_QUALITY)
        quality = QUALITY_SD * generator.standard_normal(self.model_count)
        return np.asarray(quality.round(DECIMALS))

    @cached_property
    def weak(self) -> _Weak | None:
        """Who rates which model lower; nobody where there are no such groups, or no effects."""
        parameters = self.truth.parameters
        for place, country in enumerate(self.truth.population.countries):
            for axis, margin in enumerate(country.strata):
                if margin.axis == WEAK_AXIS and parameters.effects:
                    generator = stream(parameters.seed, Purpose.RATED_WEAKNESS)
                    model = int(generator.integers(self.model_count))
                    name = stratum_id(country.name, margin.axis, margin.groups[0])
                    return _Weak(place, axis, model, name, float(margin.weights[0]))
        return None

    @property
    def levels(self) -> FloatArray:
        """Latent level of every model and criterion, where no group differs (M, C)."""
        return np.asarray(self.quality[:, None] + np.array(list(GAPS.values())))

    def draw(self, participants: Participants, first_task: int) -> Ratings:
        """The ratings of a chunk of participants; `first_task` is the number of its first task."""
        seed, chunk = self.truth.parameters.seed, participants.chunk
        parameters = self.truth.parameters
        able = (participants.effort == 0) & (participants.battle_counts > 0)
        share = min(1.0, RATERS / max(parameters.participants * parameters.judging_share, 1.0))
        asked = stream(seed, Purpose.RATER, chunk).random(len(participants)) < share
        raters = np.flatnonzero(able & asked)
        tasks = min(TASKS, self.model_count)
        order = stream(seed, Purpose.RATED_MODEL, chunk).random((raters.size, self.model_count))
        model = np.argsort(order, axis=1)[:, :tasks]
        noise = stream(seed, Purpose.RATING, chunk)
        rater = RATER_SD * noise.standard_normal(raters.size)
        task = TASK_SD * noise.standard_normal((raters.size, tasks))
        latent = self.levels[model] + rater[:, None, None] + task[:, :, None]
        latent[..., :FIRST_IMPRESSION] += noise.standard_normal((*model.shape, FIRST_IMPRESSION))
        at_first = stream(seed, Purpose.FIRST_IMPRESSION, chunk)
        latent[..., FIRST_IMPRESSION] += at_first.standard_normal(model.shape)
        if self.weak is not None:
            is_weak = _are_in(self.weak, self.truth, participants)[raters][:, None]
            latent[..., WEAK] += self.weakness * (is_weak & (model == self.weak.model))
        flatters = draw_flattery(self.truth.parameters, chunk, model)
        latent[..., PERSONALITY] += FLATTERED * flatters
        latent[..., FIRST_IMPRESSION] += LIKED_AT_FIRST * flatters
        rating = 1 + np.searchsorted(THRESHOLDS, latent)
        rows, columns, criteria = np.indices(latent.shape).reshape(3, -1)
        after = np.where(criteria == FIRST_IMPRESSION, FIRST_SECONDS, TASK_SECONDS)
        at = participants.arrived_at[raters][rows] + (columns * TASK_SECONDS + after) * SECOND
        return Ratings(
            task=first_task + rows * tasks + columns,
            participant=raters[rows],
            model=model[rows, columns],
            criterion=criteria,
            rating=rating.reshape(-1),
            rated_at=at,
            is_sycophantic=flatters[rows, columns],
        )

    @property
    def weakness(self) -> float:
        """How much lower the weak model is rated, in sds of noise."""
        return WEAKNESS * self.truth.parameters.effects

    def document(self) -> dict[str, Any]:
        """What `truth.json` says of it."""
        models = [one.model_id for one in self.truth.parameters.models[: self.model_count]]
        weak = self.weak and {
            "stratum_id": self.weak.stratum_id,
            "criterion": WEAK_CRITERION,
            "model_id": models[self.weak.model],
        }
        return {
            "models": models, "gaps": GAPS, "weak": weak, "flattered": FLATTERED,
            "liked_at_first": LIKED_AT_FIRST, "strata": list(self._strata()),
        }  # fmt: skip

    def _strata(self) -> Iterator[dict[str, Any]]:
        population, weak = self.truth.population, self.weak
        shares = [0.0] * len(population.countries)
        if weak is not None:
            yield from self._expected(weak.stratum_id, 1.0)
            shares[weak.country] = weak.share
        yield from self._expected("all", float(population.country_shares @ np.array(shares)))
        for country, share in zip(population.countries, shares, strict=True):
            yield from self._expected(country.name, share)

    def _expected(self, stratum: str, weak_share: float) -> Iterator[dict[str, Any]]:
        usual, weak = self.levels, self.levels.copy()
        if self.weak is not None:
            weak[self.weak.model, WEAK] += self.weakness
        ratings = (1.0 - weak_share) * _rating(usual) + weak_share * _rating(weak)
        share = rates_of(self.truth.parameters, self.model_count)
        for criterion, shift in ((PERSONALITY, FLATTERED), (FIRST_IMPRESSION, LIKED_AT_FIRST)):
            plain, shifted = (_rating(usual[:, criterion] + own) for own in (0.0, shift))
            ratings[:, criterion] = (1.0 - share) * plain + share * shifted
        for name, own in zip(CRITERIA, ratings.T, strict=True):
            yield {"stratum_id": stratum, "criterion": name, "ratings": own.round(9).tolist()}


def _are_in(weak: _Weak, truth: Truth, participants: Participants) -> BoolArray:
    """Which of the participants (n) are of the weak model's group."""
    population = truth.population
    own = participants.cell - population.cell_offsets[participants.country]
    # The country itself is the first margin.
    groups = population.countries[weak.country].cell_groups[weak.axis + 1]
    inside = groups[np.clip(own, 0, groups.size - 1)] == 0
    return np.asarray((participants.country == weak.country) & inside)


def _rating(level: FloatArray) -> FloatArray:
    """Expected rating at a latent level (any shape)."""
    above = ndtr((level[..., None] - THRESHOLDS) / _SPREAD)
    return np.asarray(1.0 + above.sum(axis=-1))
