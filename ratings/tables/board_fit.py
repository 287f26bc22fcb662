"""Boards without the advantage of being shown first, and whether each board's model fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.battles import Battles
from ratings.counts import COUNT_COLUMNS
from ratings.gaussian import NORMAL_975
from ratings.model_fit import checks, discovered
from ratings.sides import (
    UNKNOWN,
    SideEffect,
    both_ways_share,
    exposure,
    hierarchy_without_side_effect,
    imbalance,
    is_one_sided,
    side_effect,
    without_side_effect,
)
from ratings.tables import inputs
from ratings.tables.bounds import DETAILED_MODELS, FIT, left_out
from ratings.tables.count_boards import EVERYBODY, canonical
from ratings.tables.declarations import before_rounding
from ratings.tournaments import TRUESKILL_EP, Rated, WeightedRated, derive_seed

if TYPE_CHECKING:
    from ratings.compiled import FloatArray
    from ratings.counts import CellCounts, PairCounts
    from ratings.hierarchical import HierarchicalPosterior
    from ratings.tables.hierarchical_boards import Countries, Country

MODEL_FIT, SIDES = "model_fit", "sides"


@dataclass(frozen=True)
class Sides:
    """Battles known one by one, and per dimension what being shown first is worth.

    ``battles``: per dimension; ``cells``: per stratum.
    """

    battles: dict[str, pa.Table]
    cells: dict[str, pa.Array]
    effects: dict[str, SideEffect]

    @cached_property
    def _totals(self) -> dict[str, pa.Table]:
        return {dimension: _without_people(rows) for dimension, rows in self.battles.items()}

    def judged(self, stratum: str, dimension: str, counts: PairCounts) -> Battles | None:
        """The battles of a board; None where none is known one by one."""
        return self._of(self.battles.get(dimension), stratum, counts)

    def shown_first(self, stratum: str, dimension: str, counts: PairCounts) -> Battles | None:
        """The same battles as if one person had judged them: enough to tell how often who was."""
        return self._of(self._totals.get(dimension), stratum, counts)

    def _of(self, rows: pa.Table | None, stratum: str, counts: PairCounts) -> Battles | None:
        if rows is None or stratum not in self.cells:
            return None
        here = rows.filter(pc.is_in(rows.column("cell_id"), self.cells[stratum]))
        return Battles.from_arrow(here, counts) if here.num_rows else None

    def effect(self, dimension: str) -> SideEffect:
        """Of a dimension, over all its battles."""
        return self.effects.get(dimension, UNKNOWN)

    def exposed(self, one: Rated) -> FloatArray:
        """How far an effect of 1 moves each skill of a board (M)."""
        judged = self.shown_first(one.stratum_id, one.dimension, one.counts)
        if judged is None:
            return np.zeros(len(one.counts.model_ids))
        net = imbalance(one.counts, judged, one.counts.outcomes.sum(axis=1))
        return exposure(one.posterior, one.counts, net)


def _without_people(rows: pa.Table) -> pa.Table:
    keys = ["cell_id", "model_a", "model_b", "is_a_first"]
    sums = rows.group_by(keys).aggregate([(name, "sum") for name in COUNT_COLUMNS])
    totals = sums.rename_columns([name.removesuffix("_sum") for name in sums.column_names])
    nobody = pa.array(np.zeros(totals.num_rows, dtype=np.int64))
    late = pa.nulls(totals.num_rows, pa.bool_())
    return totals.append_column("participant_id", nobody).append_column("is_late", late)


def read_sides(read: inputs.Read, rated: Sequence[Rated], everybody: str) -> Sides:
    """The effects are told from everybody's boards."""
    battles, cells = inputs.judged_battles(read)
    sides = Sides(battles, cells, {})
    for (stratum, dimension), one in canonical(rated).items():
        if stratum == everybody:
            judged = sides.judged(stratum, dimension, one.counts)
            if judged is not None:
                found = side_effect(one.posterior.fitted, one.counts, judged)
                sides.effects[dimension] = found
    return sides


def one_without_sides(sides: Sides, one: Rated) -> Rated:
    """A board of the canonical estimator had all pairs been shown both ways equally often.

    Under a quality policy sides are those of everybody's verdicts, struck or not.
    """
    effect = sides.effect(one.dimension)
    if one.estimator != TRUESKILL_EP or not effect.is_known:
        return one
    exposed = sides.exposed(one)
    posterior = without_side_effect(one.posterior, exposed, effect)
    return replace(
        one, posterior=posterior, doubt=effect.interval_sd**2 * np.outer(exposed, exposed)
    )


def without_sides(rated: Sequence[Rated], sides: Sides) -> list[Rated]:
    """The same of every board."""
    return [one_without_sides(sides, one) for one in rated]


def weighted_without_sides(one: WeightedRated, sides: Sides) -> WeightedRated:
    """The same of a weighted board: sides are those of its people, whatever their weights."""
    effect = sides.effect(one.dimension)
    counts = one.people.counts
    judged = sides.shown_first(one.stratum_id, one.dimension, counts)
    if judged is None or not effect.is_known:
        return one
    exposed = exposure(one.posterior, counts, imbalance(counts, judged))
    doubt = effect.interval_sd**2 * np.outer(exposed, exposed)
    return replace(
        one,
        posterior=without_side_effect(one.posterior, exposed, effect),
        dependence=replace(one.dependence, covariance=one.dependence.covariance + doubt),
    )


def countries_without_sides(one: Countries, sides: Sides) -> Countries:
    """The same of the hierarchical model's boards.

    Of one model over all countries sides are those of all countries.
    """
    effect = sides.effect(one.dimension)
    if not effect.is_known:
        return one
    if one.joint is not None:
        net = _net_of_rows(sides, EVERYBODY, one.dimension, one.together)
        whole = hierarchy_without_side_effect(one.joint.joint, one.together, net, effect)
        joint = replace(one.joint, joint=whole)
        return replace(
            one,
            joint=joint,
            each=[_with(country, joint.country(country.name)) for country in one.each],
        )
    each = []
    for country in one.each:
        net = _net_of_rows(sides, country.name, one.dimension, country.cells)
        found = hierarchy_without_side_effect(country.posterior, country.cells, net, effect)
        each.append(_with(country, found))
    return replace(one, each=each)


def _with(country: Country, posterior: HierarchicalPosterior) -> Country:
    return replace(country, posterior=posterior)


def _net_of_rows(sides: Sides, stratum: str, dimension: str, cells: CellCounts) -> FloatArray:
    """Imbalance of each row's pair (D), over the whole stratum."""
    counts = cells.pooled
    judged = sides.shown_first(stratum, dimension, counts)
    if judged is None:
        return np.zeros(cells.first.size)
    size = len(counts.model_ids)
    place = np.searchsorted(counts.first * size + counts.second, cells.first * size + cells.second)
    return imbalance(counts, judged)[place]


def fit_rows(rated: Sequence[Rated], sides: Sides, seed: int) -> pa.Table:
    """The table `model_fit`. Boards of very many models have no check but that of sides."""
    rows = [row for one in canonical(rated).values() for row in _board_rows(one, sides, seed)]
    told = discovered(
        np.array(
            [row["p_value"] if row["is_misfit"] is None else None for row in rows], dtype=float
        )
    )
    for row, is_told in zip(rows, told.tolist(), strict=True):
        if row["is_misfit"] is None:
            row["is_misfit"] = is_told
    return pa.Table.from_pylist(rows, schema=before_rounding(MODEL_FIT))


def fits_left_out(rated: Sequence[Rated]) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every board that is not checked."""
    for one in canonical(rated).values():
        size = len(one.counts.model_ids)
        kept = size if size <= DETAILED_MODELS else 0
        yield left_out(FIT, one.stratum_id, one.dimension, size, kept)


def _board_rows(one: Rated, sides: Sides, seed: int) -> Iterator[dict[str, Any]]:
    judged = sides.judged(one.stratum_id, one.dimension, one.counts)
    if judged is None or judged.pair.size == 0:
        return
    labels = {
        "stratum_id": one.stratum_id,
        "dimension": one.dimension,
        "battle_count": round(float(judged.battles.sum())),
        "participant_count": judged.people,
    }
    own = derive_seed(seed, one.stratum_id, one.dimension, MODEL_FIT)
    is_checked = len(one.counts.model_ids) <= DETAILED_MODELS
    for check in checks(one.posterior, one.counts, judged, own) if is_checked else ():
        yield labels | {
            "check_name": check.name,
            "statistic": check.statistic,
            "expected": check.expected,
            "p_value": _finite(check.p),
            "is_misfit": None,
        }
    effect = sides.effect(one.dimension)
    half = NORMAL_975 * effect.interval_sd
    yield labels | {
        "check_name": SIDES,
        "statistic": _finite(effect.effect),
        "expected": 0.0,
        "statistic_lo": _finite(effect.effect - half),
        "statistic_hi": _finite(effect.effect + half),
        "p_value": _finite(effect.p),
        "both_ways_share": _finite(both_ways_share(one.counts, judged)),
        "is_misfit": is_one_sided(one.posterior, sides.exposed(one), effect),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
