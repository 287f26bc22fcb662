"""How certain each board is, and how that grows: what stopping targets are held against.

What stays out: forecasts (stopping_rows.py, ratings/stopping.py), and making boards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ratings.cells import CellCounts
from ratings.countries import join_countries, joint_weights
from ratings.growth import Clustered, Growth, Plain, interval_design_effect
from ratings.growth_pooled import Pooled, Society, society_of
from ratings.hierarchical_posterior import HierarchicalPosterior
from ratings.pairing import over_models
from ratings.posterior import Posterior
from ratings.tables.count_boards import UNWEIGHTED
from ratings.tables.hierarchical_boards import (
    CENSUS,
    TRUESKILL_HIERARCHICAL,
    Fitted,
    census_of,
    merged_countries,
)
from ratings.tables.inputs import Study
from ratings.tables.pooled_countries import Joint
from ratings.tournaments import TRUESKILL_EP, Rated
from ratings.weighted_tournaments import WeightedRated

Over = Callable[[Sequence[str]], tuple[Posterior, Growth]]


@dataclass(frozen=True, eq=False)
class Standing:
    """One board: its key, its battles, and for any models the posterior shown and its growth."""

    weighting: str
    stratum_id: str
    dimension: str
    estimator: str
    battle_count: int
    over: Over


def of_counts(rated: Sequence[Rated]) -> Iterator[Standing]:
    """Boards of whoever turned up, by the canonical estimator."""
    for one in rated:
        if one.estimator != TRUESKILL_EP:
            continue

        def over(models: Sequence[str], one: Rated = one) -> tuple[Posterior, Growth]:
            posterior = over_models(one.posterior, models)
            return posterior, Plain(posterior.covariance)

        battles = round(one.counts.battle_total)
        yield Standing(UNWEIGHTED, one.tournament_key, one.dimension, one.estimator, battles, over)


def of_weighted(weighting: str, one: WeightedRated) -> Standing:
    """A weighted board: its intervals are clustered by participant, its battles effective ones."""
    shown = one.posterior.with_covariance(one.clustered.interval_covariance)
    design_effect = interval_design_effect(one.posterior, one.clustered)
    battles = 0.5 * float(one.battles.sum())
    freedom = one.clustered.degrees_of_freedom

    def over(models: Sequence[str]) -> tuple[Posterior, Growth]:
        posterior = over_models(shown, models)
        return posterior, Clustered(posterior.covariance, design_effect, freedom, battles)

    return Standing(
        weighting, one.tournament_key, one.dimension, TRUESKILL_EP, round(battles), over
    )


def of_countries(every: Sequence[Fitted], study: Study) -> Iterator[Standing]:
    """The hierarchical model's boards of countries that are fitted apart, and of pools of them."""
    parts = {id(one): _Part(one.posterior, one.cells, _census(one, study)) for one in every}
    for one in every:
        yield _population(CENSUS, one.country, one.dimension, one.population, [parts[id(one)]])
    for pool, countries, merged in merged_countries(every, study):
        own = [replace(parts[id(one)], share=share) for one, share in countries]
        dimension = countries[0][0].dimension
        yield _population(f"{CENSUS}_{pool}", "all", dimension, merged, own)


def of_joint(every: Iterable[Joint], study: Study) -> Iterator[Standing]:
    """Boards of countries that borrow from each other, and of pools of them."""
    for one in every:
        if one.posterior is None:
            yield from of_countries(one.fitted, study)
            continue
        cells = join_countries(one.posterior.parts)
        census = {each.country: _census(each, study) for each in one.fitted}
        for each in one.fitted:
            weights = joint_weights(census, {each.country: 1.0})
            part = _Part(one.posterior.joint, cells, weights)
            yield _population(CENSUS, each.country, one.dimension, each.population, [part])
        for pool, shares in study.pools.items():
            if set(shares) == set(census):
                whole = one.posterior.population(census, shares)
                part = _Part(one.posterior.joint, cells, joint_weights(census, shares))
                yield _population(f"{CENSUS}_{pool}", "all", one.dimension, whole, [part])


@dataclass(frozen=True, eq=False)
class _Part:
    """A model, what it was fitted on, and its effects' weights and own share on a board."""

    posterior: HierarchicalPosterior
    cells: CellCounts
    weights: Mapping[tuple[str, str], float]
    share: float = 1.0

    @property
    def battles(self) -> float:
        return float(self.cells.outcomes.sum())


def _census(one: Fitted, study: Study) -> dict[tuple[str, str], float]:
    return census_of(study, one.country, one.posterior)


def _population(
    weighting: str, stratum: str, dimension: str, shown: Posterior, parts: Sequence[_Part]
) -> Standing:
    """``parts``: independent of each other, over the same models, at least those ``shown``."""
    total = sum(part.battles for part in parts)

    def over(models: Sequence[str]) -> tuple[Posterior, Growth]:
        posterior = over_models(shown, models)
        compared = parts[0].cells.model_ids
        newcomers = [model for model in models if model not in compared]
        place = {model: k for k, model in enumerate((*compared, *newcomers))}
        societies = [
            society_of(
                part.posterior,
                part.cells,
                part.weights,
                share=part.share,
                battle_share=part.battles / total if total else 0.0,
            )
            for part in parts
        ]
        return posterior, Pooled(
            posterior.covariance,
            [_with_newcomers(one, len(newcomers)) for one in societies],
            np.array([place[model] for model in models], dtype=np.int64),
        )

    return Standing(weighting, stratum, dimension, TRUESKILL_HIERARCHICAL, round(total), over)


def _with_newcomers(society: Society, count: int) -> Society:
    # Models without battles, after those it has.
    return replace(society, information=np.pad(society.information, (0, count)))
