"""What is left out where models are very many, so that a build's cost and memory stay bounded.

Pairs grow with the square of the models; queues, forecasts and checks of fit with the cube. Every
board has them up to DETAILED_MODELS; beyond, everybody's board alone has pairs and a queue, of at
most PAIRED_MODELS, and no board is checked. What is left out is a row of the table `left_out`,
and so are models that weighted boards of ratings lack, as nobody who rated them has a weight.
Skills, intervals, ranks and win shares are never left out of a board.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ratings.compiled import MANY_MODELS, IndexArray
from ratings.counts import CellCounts
from ratings.posterior import Posterior
from ratings.summary import rank_by
from ratings.tables.declarations import before_rounding
from ratings.tournaments import Rated

DETAILED_MODELS = MANY_MODELS
PAIRED_MODELS = 1_000
# Skills and effects of one hierarchical model: it is solved by the cube of their number.
HIERARCHY_SIZE = 3_000
PAIRS, QUEUE, FORECAST, HIERARCHY = "pairs", "queue", "forecast", "hierarchy"
FIT, BENCHMARKS, RATINGS = "fit", "benchmarks", "ratings"


def paired(posterior: Posterior, *, is_everybody: bool) -> IndexArray:
    """Which models' pairs (K) a board keeps, ascending: all, none, or those that matter most.

    Of more than PAIRED_MODELS, half are the best by rank, half the least certain of the others.
    """
    size = posterior.mean.size
    if size <= DETAILED_MODELS or (is_everybody and size <= PAIRED_MODELS):
        return np.arange(size)
    if not is_everybody:
        return np.empty(0, dtype=np.int64)
    best = PAIRED_MODELS // 2
    by_rank = np.argsort(rank_by(posterior.skill), kind="stable")
    others = np.sort(by_rank[best:])
    uncertain = others[np.argsort(-posterior.skill_sd[others], kind="stable")]
    return np.sort(np.concatenate((by_rank[:best], uncertain[: PAIRED_MODELS - best])))


def asked_about(one: Rated | None, models: Sequence[str], *, is_everybody: bool) -> list[str]:
    """Of the ``models`` that can be asked about, those that a stratum's queue chooses from.

    ``one``: the stratum's tournament, None without battles. Of very many models that nobody has
    compared, the first by id.
    """
    known = () if one is None else one.posterior.model_ids
    if max(len(models), len(known)) <= DETAILED_MODELS:
        return list(models)
    if not is_everybody:
        return []
    kept: set[str] = set()
    if one is not None:
        kept = {known[place] for place in paired(one.posterior, is_everybody=True)}
    rated = set(known)
    newcomers = [model for model in models if model not in rated]
    kept |= set(newcomers[: PAIRED_MODELS // 2])
    return [model for model in models if model in kept]


def hierarchy_size(parts: Mapping[str, CellCounts], *, is_joint: bool) -> int:
    """Skills and effects of one model of these countries."""
    models = {model for part in parts.values() for model in part.model_ids}
    effects = sum(len(part.effects) for part in parts.values())
    return len(models) * (1 + effects + (len(parts) if is_joint else 0))


def left_out_rows(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """The table `left_out`, sorted; rows that leave nothing out are no rows."""
    names = ("what", "stratum_id", "dimension", "model_count", "kept_model_count")
    left = {
        tuple(row[name] for name in names)
        for row in rows
        if row["kept_model_count"] < row["model_count"]
    }
    found = [dict(zip(names, row, strict=True)) for row in sorted(left)]
    return pa.Table.from_pylist(found, schema=before_rounding("left_out"))


def left_out(what: str, stratum: str, dimension: str, models: int, kept: int) -> dict[str, Any]:
    """A row of it: of so many models so many are kept."""
    return {
        "what": what,
        "stratum_id": stratum,
        "dimension": dimension,
        "model_count": models,
        "kept_model_count": kept,
    }
