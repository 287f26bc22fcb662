"""What a board of the hierarchical model shows: clustered by participant where judges are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.countries import COUNTRY, Census, CountriesPosterior, joint_weights
from ratings.counts import CellCounts
from ratings.dependence import at_least
from ratings.growth import interval_design_effect
from ratings.hierarchical_sandwich import CellPeople, HierarchicalSandwich
from ratings.merging import merge_by_census
from ratings.posterior import Posterior
from ratings.prior_pull import shared_pull, unequal_pull
from ratings.sandwich import Sandwich, design_effect
from ratings.tables.inputs import Study

Clusters = Callable[[Census], Sandwich]
"""From the weights of effects on a board to the board's sandwich."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A board's posterior as the model has it (``own``), and as shown: by its ``sandwich``.

    ``sandwich``: None where judges are unknown, and the board shows the model's own intervals.
    """

    own: Posterior
    sandwich: Sandwich | None

    @cached_property
    def posterior(self) -> Posterior:
        """What the board shows."""
        covariance = self.own.covariance
        if self.sandwich is not None:
            clustered = self.own.with_covariance(self.sandwich.interval_covariance)
            covariance = at_least(clustered, self.own)
        return self.own.with_covariance(covariance + np.diag(unequal_pull(self.own)))

    @property
    def design_effect(self) -> float:
        """Mean ratio of clustered to own variances before widening; 1 if not clustered."""
        return 1.0 if self.sandwich is None else design_effect(self.own, self.sandwich.covariance)

    @property
    def battle_effect(self) -> float:
        """Verdicts that tell as much as one of an unweighted sample of strangers."""
        if self.sandwich is None:
            return 1.0
        return interval_design_effect(self.own, self.sandwich, self.sandwich.prior)


def shown(own: Posterior, clusters: Clusters | None, weights: Census) -> Shown:
    """The board of ``weights``."""
    return Shown(own, None if clusters is None else clusters(weights))


def merged(parts: Sequence[Shown], shares: Sequence[float]) -> Shown:
    """Countries of one model each, by their census shares; clustered where all of them are."""
    own = merge_by_census([part.own for part in parts], shares)
    known = [part.sandwich for part in parts if part.sandwich is not None]
    if len(known) < len(parts):
        return Shown(own, None)
    sampling, prior = np.zeros_like(own.covariance), np.zeros_like(own.covariance)
    variances = []
    for one, share in zip(known, np.array(shares) / sum(shares), strict=True):
        sampling += share * share * one.sampling
        prior += share * share * one.prior
        variances.append(share * share * float(np.trace(one.sampling)))
    prior += shared_pull([part.own for part in parts], np.array(shares) / sum(shares))
    # Satterthwaite's degrees of freedom of a sum of independent variances.
    spread = sum(
        variance**2 / one.degrees_of_freedom for variance, one in zip(variances, known, strict=True)
    )
    freedom = sum(variances) ** 2 / spread if spread > 0.0 else math.inf
    return Shown(own, Sandwich(sampling, prior, freedom))


def of_joint(joint: CountriesPosterior, whole: HierarchicalSandwich, country: str) -> Clusters:
    """Of one country in the model of several, from the weights of its own effects."""
    place = {model: k for k, model in enumerate(joint.joint.model_ids)}
    kept = np.array([place[model] for model in joint.parts[country].model_ids], dtype=np.int64)
    here = np.ix_(kept, kept)

    def sandwich(weights: Census) -> Sandwich:
        found = whole.board(joint_weights({country: weights}, {country: 1.0}))
        return Sandwich(found.sampling[here], found.prior[here], found.degrees_of_freedom)

    return sandwich


def people_of(
    cells: CellCounts, study: Study, countries: Sequence[str], rows: pa.Table, *, is_joint: bool
) -> CellPeople | None:
    """Who said what in ``cells``; None where somebody unknown did.

    Args:
        cells: of the countries.
        study: the groups of each cell.
        countries: one, or all that were joined.
        rows: of `participant_counts`, for one dimension.
        is_joint: whether groups have the names that ``join_countries`` gives them.
    """
    effect = {one: place for place, one in enumerate(cells.effects)}
    known = {tuple(levels): place for place, levels in enumerate(cells.cell_effects.tolist())}
    places: dict[int, int] = {}
    for country in countries:
        for cell, groups in study.cells[country].items():
            named = dict(groups)
            if is_joint:
                named = {axis: f"{country}/{group}" for axis, group in groups.items()}
                named[COUNTRY] = country
            levels = tuple(effect.get((axis, named.get(axis, "")), -1) for axis in cells.axes)
            places[cell] = known.get(levels, -1)
    index = pc.index_in(rows.column("cell_id"), value_set=pa.array(places, pa.int32()))
    cell = np.array(list(places.values()), dtype=np.int64)[index.drop_null().to_numpy()]
    if (cell < 0).any():
        return None
    return CellPeople.from_arrow(cells, rows.filter(index.is_valid()), cell)
