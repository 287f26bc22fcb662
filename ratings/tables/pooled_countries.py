"""Boards of the hierarchical model over all countries at once, which borrow from each other.

What stays out: the model (ratings/countries.py), and boards where each country has
its own (hierarchical_boards.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from ratings.countries import (
    COUNTRY,
    CountriesPosterior,
    fit_countries,
    join_countries,
)
from ratings.posterior import Posterior
from ratings.tables.hierarchical_boards import (
    Fitted,
    cells_of_countries,
    census_of,
    fit_apart,
    fitted_of,
    pool_board,
)
from ratings.tables.inputs import Study
from ratings.tournaments import RatingParameters

# Whose axis the countries are.
EVERY_COUNTRY = "all"


@dataclass(frozen=True)
class Joint:
    """The countries of a dimension; no joint posterior where only one was heard."""

    dimension: str
    fitted: list[Fitted]
    posterior: CountriesPosterior | None


def fit_jointly(
    counts: pa.Table, study: Study, anchors: Mapping[str, Posterior]
) -> Iterator[Joint]:
    """One model per dimension over the countries with battles whose groups are known.

    The prior of a dimension is that of its anchor; the draw margin is fitted on these battles.
    """
    for dimension, parts in cells_of_countries(counts, study):
        anchor = anchors[dimension]
        if len(parts) == 1:
            yield Joint(dimension, list(fit_apart(dimension, parts, study, anchor)), None)
        if len(parts) <= 1:
            continue
        joint = fit_countries(
            parts,
            beta=anchor.beta,
            prior_mean=anchor.prior_mean,
            prior_sd=anchor.prior_sd,
        )
        fitted = [
            fitted_of(country, dimension, cells, joint.country(country), study)
            for country, cells in parts.items()
        ]
        yield Joint(dimension, fitted, joint)


def pooled_boards(
    every: Iterable[Joint], study: Study, parameters: RatingParameters, seed: int
) -> Iterator[tuple[str, pa.Table]]:
    """Per pool of countries and dimension, weighting and rows of the countries together."""
    for one in every:
        if one.posterior is None:
            continue
        counts = join_countries(one.posterior.parts).pooled
        census = {
            each.country: census_of(study, each.country, each.posterior) for each in one.fitted
        }
        for pool, shares in study.pools.items():
            if set(shares) == set(census):
                whole = one.posterior.population(census, shares)
                yield pool_board(pool, one.dimension, counts, whole, parameters, seed)


def tau_rows(every: Iterable[Joint]) -> Iterator[tuple[str, pa.Table]]:
    """Dimension, and how far apart its countries are; no upper end where nothing bounds it."""
    for one in every:
        if one.posterior is not None:
            tau, low, high = one.posterior.tau_country
            bounded = high if math.isfinite(high) else None
            columns = {"tau": tau, "tau_lo": low, "tau_hi": bounded}
            numbers = {name: pa.array([end], pa.float64()) for name, end in columns.items()}
            yield one.dimension, pa.table({"axis": [COUNTRY], **numbers})
