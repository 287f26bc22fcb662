"""Boards of the hierarchical model: groups that share what all say, weighted to the census.

Each country has a model of its own, or one model holds all countries, which then borrow from each
other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ratings.axis_effect import (
    LEVEL,
    AxisScores,
    axis_scores,
    holm,
    p_permutation,
    permutations_for,
    tau_interval,
)
from ratings.compiled import FloatArray
from ratings.countries import (
    COUNTRY,
    Census,
    CountriesPosterior,
    fit_countries,
    join_countries,
    joint_weights,
)
from ratings.counts import COUNT_COLUMNS, CellCounts, PairCounts
from ratings.hierarchical import HierarchicalPosterior, fit_hierarchical
from ratings.hierarchical_sandwich import CellPeople, HierarchicalSandwich
from ratings.interval_basis import PARTICIPANTS
from ratings.posterior import Posterior
from ratings.skewness import corrected_hierarchy
from ratings.tables.bounds import HIERARCHY, HIERARCHY_SIZE, hierarchy_size, left_out
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Study
from ratings.tables.shown import Clusters, Shown, merged, of_joint, people_of, shown
from ratings.tournaments import Rated, RatingParameters, board, derive_seed, with_constants

TRUESKILL_HIERARCHICAL = "trueskill_hierarchical"
CENSUS = "census"
# The country of what is said of all countries.
EVERY_COUNTRY = "all"


@dataclass(frozen=True)
class Country:
    """The model of one country and dimension, and the country's population board.

    ``sites`` (2, D, 3): of the fit, on the rows of ``cells``; ``people``: who said what there, None
    where somebody unknown did.
    """

    name: str
    cells: CellCounts
    posterior: HierarchicalPosterior
    sites: FloatArray
    census: Census
    people: CellPeople | None
    clusters: Clusters | None

    def board(self, weights: Census) -> Shown:
        """The board of effects with these weights."""
        return shown(self.posterior.board(weights), self.clusters, weights)

    @cached_property
    def population(self) -> Shown:
        """The board of the country's population."""
        return self.board(self.census)


@dataclass(frozen=True)
class Countries:
    """The countries of a dimension; ``joint`` where one model holds them all.

    ``clusters``: of the joint model, where judges are known.
    """

    dimension: str
    each: list[Country]
    joint: CountriesPosterior | None
    clusters: Clusters | None = None

    @property
    def census(self) -> dict[str, Census]:
        """Each country's census shares."""
        return {country.name: country.census for country in self.each}

    @cached_property
    def together(self) -> CellCounts:
        """The battles of all countries."""
        return join_countries({country.name: country.cells for country in self.each})

    def pools(self, study: Study) -> Iterator[tuple[str, dict[str, float], Shown]]:
        """Pool, its countries' shares, and their population, where all its countries are there."""
        populations = {country.name: country.population for country in self.each}
        models = {population.own.model_ids for population in populations.values()}
        for pool, shares in study.pools.items():
            if set(shares) != set(populations):
                continue
            if self.joint is not None:
                own = self.joint.population(self.census, shares)
                yield pool, shares, shown(own, self.clusters, joint_weights(self.census, shares))
            elif len(models) == 1:
                names = sorted(shares)
                parts = [populations[name] for name in names]
                yield pool, shares, merged(parts, [shares[name] for name in names])


def dimension_parts(counts: pa.Table, study: Study) -> Iterator[tuple[str, dict[str, CellCounts]]]:
    """Per dimension, the counts of the countries with battles whose groups are known."""
    for dimension in sorted(pc.unique(counts.column("dimension")).to_pylist()):
        judged = counts.filter(pc.equal(counts.column("dimension"), dimension))
        tables = {country: _with_axes(judged, study, country) for country in sorted(study.cells)}
        parts = {
            country: CellCounts.from_arrow(table, list(study.groups[country]))
            for country, table in tables.items()
            if table.num_rows
        }
        if parts:
            yield dimension, parts


def fit_dimensions(
    counts: pa.Table,
    study: Study,
    anchors: Mapping[str, Posterior],
    people: Mapping[str, pa.Table],
    *,
    is_joint: bool,
) -> tuple[list[Countries], list[dict[str, Any]]]:
    """The models of every dimension, and rows of `left_out` for those that are too large.

    ``people``: per dimension, rows of `participant_counts`.
    """
    fitted, too_large = [], []
    # People who do not count have no cell.
    judges = {
        dimension: rows.filter(rows.column("cell_id").is_valid())
        for dimension, rows in people.items()
    }
    for dimension, parts in dimension_parts(counts, study):
        joint = is_joint and len(parts) > 1
        together = [parts] if joint else [{name: part} for name, part in parts.items()]
        kept: dict[str, CellCounts] = {}
        for one in together:
            if hierarchy_size(one, is_joint=joint) <= HIERARCHY_SIZE:
                kept |= one
            else:
                too_large += [
                    left_out(HIERARCHY, name, dimension, len(part.model_ids), 0)
                    for name, part in one.items()
                ]
        if kept:
            own = judges.get(dimension)
            fitted.append(
                fit_dimension(dimension, kept, study, anchors[dimension], own, is_joint=joint)
            )
    return fitted, too_large


def fit_dimension(
    dimension: str,
    parts: Mapping[str, CellCounts],
    study: Study,
    anchor: Posterior,
    judges: pa.Table | None = None,
    *,
    is_joint: bool,
) -> Countries:
    """The model of each country, or of all of them where there are several and it is joint.

    The prior is that of the dimension's anchor; the draw margin is fitted on these battles.
    ``judges``: rows of `participant_counts`; boards are clustered by them where they are all.
    """
    if is_joint and len(parts) > 1:
        return _fit_jointly(dimension, parts, study, anchor, judges)
    each = []
    for country, cells in parts.items():
        fitted = fit_hierarchical(cells, prior=anchor.prior)
        posterior = corrected_hierarchy(fitted, cells)
        people = (
            None if judges is None else people_of(cells, study, [country], judges, is_joint=False)
        )
        clusters = None
        if people is not None:
            clusters = HierarchicalSandwich(fitted, posterior, people).board
        census = _census(study, country, posterior)
        each.append(Country(country, cells, posterior, fitted.sites, census, people, clusters))
    return Countries(dimension, each, None)


def _fit_jointly(
    dimension: str,
    parts: Mapping[str, CellCounts],
    study: Study,
    anchor: Posterior,
    judges: pa.Table | None,
) -> Countries:
    joint = fit_countries(parts, anchor.prior)
    cells = join_countries(parts)
    everybody = (
        None if judges is None else people_of(cells, study, list(parts), judges, is_joint=True)
    )
    whole = None
    if everybody is not None:
        whole = HierarchicalSandwich(joint.fitted, joint.joint, everybody)
    each, row = [], 0
    for country in sorted(parts):
        own = parts[country]
        posterior = joint.country(country)
        census = _census(study, country, posterior)
        people = (
            None if judges is None else people_of(own, study, [country], judges, is_joint=False)
        )
        clusters = None if whole is None else of_joint(joint, whole, country)
        # The rows of all countries are sorted by country.
        sites = joint.fitted.sites[:, row : row + own.cell.size]
        row += own.cell.size
        each.append(Country(country, own, posterior, sites, census, people, clusters))
    return Countries(dimension, each, joint, None if whole is None else whole.board)


def population_boards(
    every: Iterable[Countries], study: Study, parameters: RatingParameters, seed: int
) -> Iterator[pa.Table]:
    """Boards of every country, its groups, and every pool of countries."""
    for one in every:
        for country in one.each:
            yield from _country_boards(one.dimension, country, parameters, seed)
        if one.joint is None and parameters.pool_countries:
            continue
        for pool, _, population in one.pools(study):
            weighting, counts = f"{CENSUS}_{pool}", one.together.pooled
            rated = Rated(
                "all",
                one.dimension,
                TRUESKILL_HIERARCHICAL,
                counts,
                population.posterior,
                weighting,
            )
            rows = board(rated, parameters, derive_seed(seed, CENSUS, pool))
            yield _with_own(rows, population)


def _country_boards(
    dimension: str, country: Country, parameters: RatingParameters, seed: int
) -> Iterator[pa.Table]:
    """The country's board, and one per group: its own effect, all other effects by the census."""
    own, counts = derive_seed(seed, CENSUS), country.cells.pooled

    def rows(stratum: str, one: Shown, battles: FloatArray | None = None) -> pa.Table:
        rated = Rated(stratum, dimension, TRUESKILL_HIERARCHICAL, counts, one.posterior, CENSUS)
        return _with_own(board(rated, parameters, own, battles=battles), one)

    yield rows(country.name, country.population)
    for axis, group in country.posterior.effects:
        weights = {known: share for known, share in country.census.items() if known[0] != axis}
        of_group = country.board(weights | {(axis, group): 1.0})
        battles = _battles(country.cells, axis, group)
        yield rows(f"{country.name}/{axis}/{group}", of_group, battles)


def _with_own(rows: pa.Table, one: Shown) -> pa.Table:
    """Beside what is shown, the model's own sd, where they are two."""
    if one.sandwich is None:
        return rows
    rows = rows.append_column("model_sd", pa.array(one.own.skill_sd))
    constants = {"design_effect": one.design_effect, "interval_basis": PARTICIPANTS}
    return with_constants(rows, constants)


def effect_rows(every: Iterable[Countries], seed: int) -> dict[str, pa.Table]:
    """How far apart the groups of each axis are, and how far each group is drawn to none."""
    spreads, shrinkages = [], []
    for one in every:
        if one.joint is not None:
            ends = dict(zip(("tau", "tau_lo", "tau_hi"), one.joint.tau_country, strict=True))
            spreads.append(
                {"country": EVERY_COUNTRY, "dimension": one.dimension, "axis": COUNTRY, **ends}
            )
        spreads += axis_rows(one, seed)
        for country in one.each:
            labels = {"country": country.name, "dimension": one.dimension}
            shrinkages.append(with_constants(country.posterior.shrinkage(), labels))
    # No end of an interval where nothing bounds it, and no p of what cannot be tested.
    bounded = [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in spreads
    ]
    return {
        "axis_effect": pa.Table.from_pylist(bounded, schema=before_rounding("axis_effect")),
        "group_shrinkage": pa.concat_tables(shrinkages),
    }


def axis_rows(one: Countries, seed: int) -> list[dict[str, Any]]:
    """Per country and axis: tau, its interval, and whether groups differ; p's by Holm over all.

    In a joint model an axis of several countries has one tau, told by all of them.
    """
    told: dict[tuple[str, str], AxisScores] = {}
    for country in one.each:
        for place, axis in enumerate(country.cells.axes):
            told[country.name, axis] = axis_scores(
                country.cells, country.sites, country.posterior.tau, country.posterior.prior,
                place, country.people,
            )  # fmt: skip
    models = {country.name: len(country.cells.model_ids) for country in one.each}
    draws = permutations_for(len(told))
    p = [
        p_permutation(
            scores, models[name], derive_seed(seed, "axis_effect", name, one.dimension, axis), draws
        )
        for (name, axis), scores in told.items()
    ]
    rows = []
    for ((name, axis), scores), own, corrected in zip(told.items(), p, holm(p), strict=True):
        shared = [each for (_, known), each in told.items() if known == axis]
        tau, low, high = tau_interval([scores] if one.joint is None else shared)
        rows.append(
            {
                "country": name,
                "dimension": one.dimension,
                "axis": axis,
                "tau": tau,
                # What permuted raters give as often can't be told from no difference.
                "tau_lo": 0.0 if own > LEVEL else low,
                "tau_hi": high,
                "p_permutation": own,
                "p_adjusted": corrected,
                "groups_differ": None if math.isnan(corrected) else corrected <= LEVEL,
            }
        )
    return rows


def _with_axes(counts: pa.Table, study: Study, country: str) -> pa.Table:
    """The country's counts in the form of CellCounts: one column per axis."""
    cells = study.cells[country]
    place = pc.index_in(counts.column("cell_id"), value_set=pa.array(cells, pa.int32()))
    here, place = counts.filter(place.is_valid()), place.drop_null()
    columns = {
        axis: pa.array([groups.get(axis) for groups in cells.values()], pa.string()).take(place)
        for axis in study.groups.get(country, {})
    }
    columns |= {name: here.column(name) for name in ("model_a", "model_b", *COUNT_COLUMNS)}
    return pa.table(columns)


def _census(study: Study, country: str, posterior: HierarchicalPosterior) -> Census:
    """Census shares of the groups that judged, scaled to one on each axis."""
    weights: dict[tuple[str, str], float] = {}
    for axis, shares in study.groups[country].items():
        judged = {
            group: share for group, share in shares.items() if (axis, group) in posterior.effects
        }
        total = sum(judged.values())
        weights |= {(axis, group): share / total for group, share in judged.items()}
    return weights


def _battles(cells: CellCounts, axis: str, group: str) -> FloatArray:
    """Battles per model that the group judged (M)."""
    block = cells.effects.index((axis, group))
    here = cells.cell_effects[cells.cell, cells.axes.index(axis)] == block
    pairs = (cells.first[here], cells.second[here], *cells.outcomes[here].T)
    return PairCounts.from_indices(cells.model_ids, *pairs).battles_per_model
