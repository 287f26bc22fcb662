"""Boards of the hierarchical model: groups that share what all say, weighted to the census.

What stays out: the model (ratings/hierarchical.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.cells import CellCounts
from ratings.counts import COUNT_COLUMNS, PairCounts
from ratings.hierarchical import fit_hierarchical
from ratings.hierarchical_posterior import HierarchicalPosterior
from ratings.merging import merge_by_census
from ratings.posterior import Posterior
from ratings.skewness import corrected_hierarchy
from ratings.tables.inputs import Study
from ratings.tournaments import Rated, RatingParameters, board, derive_seed

TRUESKILL_HIERARCHICAL = "trueskill_hierarchical"
CENSUS = "census"
TAU_COLUMNS = ("tau", "tau_lo", "tau_hi")


@dataclass(frozen=True)
class Fitted:
    """The model of one country and dimension, and the country's population board."""

    country: str
    dimension: str
    cells: CellCounts
    posterior: HierarchicalPosterior
    population: Posterior


def fit_countries(
    counts: pa.Table, study: Study, anchors: Mapping[str, Posterior]
) -> Iterator[Fitted]:
    """One model per country and dimension with battles whose groups are known.

    The prior of a dimension is that of its anchor; the draw margin is the country's own.
    """
    for dimension, parts in cells_of_countries(counts, study):
        yield from fit_apart(dimension, parts, study, anchors[dimension])


def fit_apart(
    dimension: str, parts: Mapping[str, CellCounts], study: Study, anchor: Posterior
) -> Iterator[Fitted]:
    """One model per country of a dimension."""
    for country, cells in parts.items():
        posterior = fit_hierarchical(
            cells,
            beta=anchor.beta,
            prior_mean=anchor.prior_mean,
            prior_sd=anchor.prior_sd,
        )
        posterior = corrected_hierarchy(posterior, cells)
        yield fitted_of(country, dimension, cells, posterior, study)


def cells_of_countries(
    counts: pa.Table, study: Study
) -> Iterator[tuple[str, dict[str, CellCounts]]]:
    """Per dimension, the counts of every country with battles whose groups are known."""
    for dimension in sorted(pc.unique(counts.column("dimension")).to_pylist()):
        judged = counts.filter(pc.equal(counts.column("dimension"), dimension))
        tables = {country: _with_axes(judged, study, country) for country in sorted(study.cells)}
        yield (
            dimension,
            {
                country: CellCounts.from_arrow(table, list(study.groups[country]))
                for country, table in tables.items()
                if table.num_rows
            },
        )


def fitted_of(
    country: str,
    dimension: str,
    cells: CellCounts,
    posterior: HierarchicalPosterior,
    study: Study,
) -> Fitted:
    """A country's model with the board of its population."""
    population = posterior.board(census_of(study, country, posterior))
    return Fitted(country, dimension, cells, posterior, population)


def country_boards(
    fitted: Fitted, study: Study, parameters: RatingParameters, seed: int
) -> Iterator[pa.Table]:
    """The country's board, and one per group: its own effect, everybody else's by the census."""
    own = derive_seed(seed, CENSUS)
    counts = fitted.cells.pooled
    census = census_of(study, fitted.country, fitted.posterior)
    yield board(
        _rated(fitted.country, fitted.dimension, counts, fitted.population), parameters, own
    )
    for axis, group in fitted.posterior.effects:
        weights = {known: share for known, share in census.items() if known[0] != axis}
        posterior = fitted.posterior.board(weights | {(axis, group): 1.0})
        stratum = f"{fitted.country}/{axis}/{group}"
        rated = _rated(stratum, fitted.dimension, counts, posterior)
        yield board(rated, parameters, own, battles=_battles(fitted, axis, group))


def pooled_boards(
    every: list[Fitted], study: Study, parameters: RatingParameters, seed: int
) -> Iterator[tuple[str, pa.Table]]:
    """Per pool of countries and dimension, the countries' populations merged by their shares."""
    for pool, parts, merged in merged_countries(every, study):
        counts = _together([one.cells.pooled for one, _ in parts])
        yield pool_board(pool, parts[0][0].dimension, counts, merged, parameters, seed)


def merged_countries(
    every: Sequence[Fitted], study: Study
) -> Iterator[tuple[str, list[tuple[Fitted, float]], Posterior]]:
    """Pool, its countries with their shares, and their merged populations, where all are there."""
    for pool, shares in study.pools.items():
        for dimension in sorted({one.dimension for one in every}):
            parts = {one.country: one for one in every if one.dimension == dimension}
            models = {one.population.model_ids for one in parts.values()}
            if set(parts) != set(shares) or len(models) != 1:
                continue
            chosen = [(parts[country], shares[country]) for country in sorted(shares)]
            merged = merge_by_census(
                [one.population for one, _ in chosen], [share for _, share in chosen]
            )
            yield pool, chosen, merged


def pool_board(
    pool: str,
    dimension: str,
    counts: PairCounts,
    posterior: Posterior,
    parameters: RatingParameters,
    seed: int,
) -> tuple[str, pa.Table]:
    """Weighting and rows of the board of a pool of countries."""
    rated = _rated("all", dimension, counts, posterior)
    return f"{CENSUS}_{pool}", board(rated, parameters, derive_seed(seed, CENSUS, pool))


def tau_rows(fitted: Fitted) -> pa.Table:
    """How far apart groups are, per axis; no upper end of the interval where nothing bounds it."""
    scales = fitted.posterior.scales()
    for name in TAU_COLUMNS:
        column = scales.column(name)
        bounded = pc.if_else(pc.is_finite(column), column, pa.scalar(None, pa.float64()))
        scales = scales.set_column(scales.column_names.index(name), name, bounded)
    return scales


def _with_axes(counts: pa.Table, study: Study, country: str) -> pa.Table:
    """The country's counts in the form of CellCounts: one column per axis."""
    cells = study.cells[country]
    here = counts.filter(pc.is_in(counts.column("cell_id"), pa.array(cells, pa.int32())))
    identifiers = here.column("cell_id").to_pylist()
    columns = {
        axis: pa.array([cells[cell].get(axis) for cell in identifiers], pa.string())
        for axis in study.groups.get(country, {})
    }
    columns |= {name: here.column(name) for name in ("model_a", "model_b", *COUNT_COLUMNS)}
    return pa.table(columns)


def census_of(
    study: Study, country: str, posterior: HierarchicalPosterior
) -> dict[tuple[str, str], float]:
    """Census shares of the groups that were heard, scaled to one on each axis."""
    weights: dict[tuple[str, str], float] = {}
    for axis, shares in study.groups[country].items():
        heard = {
            group: share for group, share in shares.items() if (axis, group) in posterior.effects
        }
        total = sum(heard.values())
        weights |= {(axis, group): share / total for group, share in heard.items()}
    return weights


def _battles(fitted: Fitted, axis: str, group: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Battles per model that the group judged (M)."""
    cells = fitted.cells
    block = cells.effects.index((axis, group))
    place = cells.axes.index(axis)
    here = cells.cell_effects[cells.cell, place] == block
    amount = cells.outcomes[here].sum(axis=1)
    total = np.zeros(len(cells.model_ids))
    np.add.at(total, cells.first[here], amount)
    np.add.at(total, cells.second[here], amount)
    return total


def _together(parts: list[PairCounts]) -> PairCounts:
    """The battles of several countries over the same models."""
    return PairCounts.from_indices(
        parts[0].model_ids,
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("win_first", "win_second", "tie")
        ),
    )


def _rated(stratum: str, dimension: str, counts: PairCounts, posterior: Posterior) -> Rated:
    return Rated(stratum, dimension, TRUESKILL_HIERARCHICAL, counts, posterior)
