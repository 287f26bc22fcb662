"""Where pairing starts: what is known of every model that can be asked about, kept and read back.

A queue is made from these tables alone, so the one a build writes and the one a command makes later
are the same. Covariances are not kept twice: sds of all differences (the table `pairwise`) say them
but for the mode that moves all skills together, which battles never change from the prior.

What stays out: choosing battles (next_battles.py, ratings/pairing.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.pairing import over_models
from ratings.posterior import PRIOR_MEAN, Posterior
from ratings.rounding import MICRO
from ratings.tables.inputs import Study
from ratings.tournaments import TRUESKILL_EP, Rated

CANDIDATE, POPULATION_PART = "candidate", "population_part"


def candidate_rows(rated: list[Rated], strata: Sequence[str], models: Sequence[str]) -> pa.Table:
    """One row per stratum, dimension that is judged anywhere, and model that can be asked about."""
    canonical = [one for one in rated if one.estimator == TRUESKILL_EP]
    known = {(one.tournament_key, one.dimension): set(one.posterior.model_ids) for one in canonical}
    # Margin, prior and noise belong to the dimension: any of its tournaments has them.
    priors = {one.dimension: one.posterior for one in canonical}
    rows = [
        {
            "stratum_id": stratum,
            "dimension": dimension,
            "model_id": model,
            "is_rated": model in known.get((stratum, dimension), ()),
            "draw_margin": prior.draw_margin,
            "prior_sd": prior.prior_sd,
            "beta": prior.beta,
        }
        for stratum in strata
        for dimension, prior in sorted(priors.items())
        for model in models
    ]
    return pa.Table.from_pylist(rows, schema=_CANDIDATE)


_CANDIDATE = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("stratum_id", "dimension", "model_id")),
        pa.field("is_rated", pa.bool_()),
        *(pa.field(name, pa.float64()) for name in ("draw_margin", "prior_sd", "beta")),
    ]
)


def part_rows(population: Study) -> pa.Table:
    """One row per pool, axis that all countries of the pool have, and group of it."""
    rows = []
    for pool, countries in population.pools.items():
        axes = [set(population.groups.get(country, {})) for country in countries]
        for axis in sorted(set.intersection(*axes)) if axes else []:
            rows += [
                {
                    "pool": pool,
                    "axis": axis,
                    "stratum_id": f"{country}/{axis}/{group}",
                    "share": share * group_share,
                }
                for country, share in countries.items()
                for group, group_share in population.groups[country][axis].items()
            ]
    names = ("pool", "axis", "stratum_id")
    fields = [*(pa.field(name, pa.string()) for name in names), pa.field("share", pa.float64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def read_back(candidates: pa.Table, pairwise: pa.Table, stratum: str, dimension: str) -> Posterior:
    """The posterior of the candidates in one stratum and dimension, from tables in micro-units.

    Args:
        candidates: the table of that name.
        pairwise: the table of that name, at least of that stratum and dimension, unweighted.
        stratum: whose.
        dimension: of what.
    """
    here = _of(candidates, stratum, dimension)
    models = here.column("model_id").to_pylist()
    margin, prior_sd, beta = (
        here.column(f"{name}_micro")[0].as_py() / MICRO
        for name in ("draw_margin", "prior_sd", "beta")
    )
    pairs = _of(pairwise, stratum, dimension)
    names = sorted(pairs.column("model_a").unique().to_pylist())
    size = len(names)
    square, difference = np.zeros((size, size)), np.zeros((size, size))
    if size:
        known = pa.array(names)
        rows, columns = (
            pc.index_in(pairs.column(name), value_set=known).to_numpy()
            for name in ("model_a", "model_b")
        )
        square[rows, columns] = (pairs.column("skill_difference_sd_micro").to_numpy() / MICRO) ** 2
        difference[rows, columns] = pairs.column("skill_difference_micro").to_numpy() / MICRO
    # Double centring (Torgerson 1952) turns squared sds of differences into a covariance.
    by_row = square.sum(axis=1) / max(size, 1)
    whole = by_row.sum() / max(size, 1)
    covariance = -0.5 * (square - by_row[:, None] - by_row[None, :] + whole)
    posterior = Posterior(
        model_ids=tuple(names),
        # The mean over all is the prior's: battles only tell differences.
        mean=PRIOR_MEAN + difference.sum(axis=1) / max(size, 1),
        covariance=covariance + prior_sd**2 / max(size, 1),
        reference=np.full(size, 1.0 / max(size, 1)),
        iterations=0,
        converged=True,
        draw_margin=margin,
        beta=beta,
        prior_sd=prior_sd,
    )
    return over_models(posterior, models)


def _of(table: pa.Table, stratum: str, dimension: str) -> pa.Table:
    return table.filter(
        pc.and_(
            pc.equal(table.column("stratum_id"), stratum),
            pc.equal(table.column("dimension"), dimension),
        )
    )
