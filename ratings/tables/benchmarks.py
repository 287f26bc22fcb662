"""The tables that hold benchmarks against people's boards (``ratings.benchmark_gap``).

Every board of the canonical estimator that shows a covariance, unweighted or by a default
weighting, is compared with every benchmark and metric, over the models that both know. Figures are
made of the tables as they are written: in whole micro-units.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.axis_effect import holm
from ratings.benchmark_gap import (
    FEWEST,
    LEVEL,
    Association,
    Residuals,
    Side,
    association,
    nothing_known,
    paper_side,
    people_side,
    residuals,
)
from ratings.compiled import FloatArray
from ratings.rounding import MICRO
from ratings.tables.bounds import BENCHMARKS, DETAILED_MODELS, left_out
from ratings.tables.count_boards import BOARD_KEY
from ratings.tables.declarations import before_rounding
from ratings.tournaments import TRUESKILL_EP, derive_seed

GAP, RESIDUAL = "benchmark_gap", "benchmark_residual"
# The other weighting of a country is a sensitivity, not a board of its own.
SECONDARY_SUFFIX = "_half_half"
PEOPLE, PAPER = "people", "paper"
# Beyond so many drawn sides of benchmarks memory would grow with the boards.
KEPT_SIDES = 256


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Scores of one benchmark and metric, higher better, by model; NaN: an error nobody stated."""

    benchmark: str
    metric: str
    model_ids: tuple[str, ...]
    score: FloatArray
    error: FloatArray
    is_first_party: FloatArray


@dataclass(frozen=True, eq=False)
class Board:
    """A board as it is shown: its key, and skills (M) with their covariance (M, M)."""

    key: dict[str, str]
    model_ids: tuple[str, ...]
    skill: FloatArray
    covariance: FloatArray


@dataclass
class _Sides:
    """Sides that were drawn, by whom and over which models: boards often know the same models.

    People's are kept while their board is compared, benchmarks' are of all boards.
    """

    seed: int
    people: dict[tuple[str, ...], Side] = field(default_factory=dict)
    paper: dict[tuple[str, ...], Side] = field(default_factory=dict)

    def of_people(self, board: Board, models: tuple[str, ...]) -> Side:
        if models not in self.people:
            own = _places(board.model_ids, models)
            seed = derive_seed(self.seed, GAP, *board.key.values())
            covariance = board.covariance[np.ix_(own, own)]
            self.people[models] = people_side(board.skill[own], covariance, seed)
        return self.people[models]

    def of_paper(self, one: Benchmark, models: tuple[str, ...]) -> Side:
        name = (one.benchmark, one.metric, *models)
        if name not in self.paper:
            if len(self.paper) >= KEPT_SIDES:
                self.paper.clear()
            own = _places(one.model_ids, models)
            seed = derive_seed(self.seed, GAP, one.benchmark, one.metric)
            self.paper[name] = paper_side(one.score[own], one.error[own], seed)
        return self.paper[name]


def benchmarks_of(scores: pa.Table) -> list[Benchmark]:
    """Of the rows of `benchmark_scores`, by benchmark, metric and model."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in scores.to_pylist():
        found.setdefault((row["benchmark"], row["metric"]), []).append(row)
    return [
        Benchmark(
            *key,
            tuple(row["model_id"] for row in rows),
            np.array([row["score"] for row in rows], dtype=np.float64),
            np.array([row["score_error"] for row in rows], dtype=np.float64),
            np.array([row["is_first_party"] for row in rows], dtype=np.float64),
        )
        for key, rows in found.items()
    ]


def boards_of(ratings: pa.Table, covariances: Iterable[pa.Table]) -> Iterator[Board]:
    """The boards that are compared.

    Args:
        ratings: the table `rating`, in integers.
        covariances: of each board its rows of `skill_covariance`, before rounding.
    """
    canonical = ratings.filter(pc.equal(ratings.column("estimator"), TRUESKILL_EP))
    columns = [canonical.column(name).to_pylist() for name in (*BOARD_KEY, "model_id")]
    skills = dict(
        zip(zip(*columns, strict=True), canonical.column("skill_micro").to_pylist(), strict=True)
    )
    for rows in covariances:
        if not rows.num_rows:
            continue
        key = {name: rows.column(name)[0].as_py() for name in BOARD_KEY}
        if key["weighting"].endswith(SECONDARY_SUFFIX):
            continue
        models = rows.column("model_a").unique().to_pylist()
        upper = np.zeros((len(models), len(models)))
        upper[np.triu_indices(len(models))] = np.rint(rows.column("covariance").to_numpy() * MICRO)
        covariance = (upper + np.triu(upper, 1).T) / MICRO
        skill = np.array([skills[*key.values(), model] for model in models]) / MICRO
        yield Board(key, tuple(models), skill, covariance)


def tables(
    benchmarks: Sequence[Benchmark], boards: Iterable[Board], seed: int
) -> dict[str, pa.Table]:
    """The tables `benchmark_gap` and `benchmark_residual`; none without a score."""
    if not benchmarks:
        return {}
    sides = _Sides(seed)
    gaps: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for board in boards:
        sides.people.clear()
        compared = _compared(benchmarks, board, sides)
        corrected = iter(holm([told.p for _, told, _ in compared if math.isfinite(told.p)]))
        for one, told, off in compared:
            labels = {"benchmark": one.benchmark, "metric": one.metric, **board.key}
            adjusted = next(corrected) if math.isfinite(told.p) else None
            gaps.append({**labels, **_gap(one, board, told), "p_adjusted": adjusted})
            if off is not None:
                is_telling = adjusted is not None and adjusted <= LEVEL and told.raw > 0.0
                rows += _residuals(labels, one, board, off, is_telling=is_telling)
    return {
        GAP: pa.Table.from_pylist(gaps, schema=before_rounding(GAP)),
        RESIDUAL: pa.Table.from_pylist(rows, schema=before_rounding(RESIDUAL)),
    }


def gaps_left_out(ratings: pa.Table, benchmarks: Sequence[Benchmark]) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every board of very many models, which shows no covariance."""
    if not benchmarks:
        return
    canonical = ratings.filter(pc.equal(ratings.column("estimator"), TRUESKILL_EP))
    keys = canonical.select(["stratum_id", "dimension", "model_count"])
    for row in keys.group_by(keys.column_names).aggregate([]).to_pylist():
        if row["model_count"] > DETAILED_MODELS:
            yield left_out(BENCHMARKS, row["stratum_id"], row["dimension"], row["model_count"], 0)


def _compared(
    benchmarks: Sequence[Benchmark], board: Board, sides: _Sides
) -> list[tuple[Benchmark, Association, Residuals | None]]:
    found: list[tuple[Benchmark, Association, Residuals | None]] = []
    for one in benchmarks:
        models = _common(one, board)
        if len(models) < FEWEST:
            found.append((one, nothing_known(len(models)), None))
            continue
        people, paper = sides.of_people(board, models), sides.of_paper(one, models)
        told = association(people, paper)
        found.append((one, told, residuals(people, paper) if math.isfinite(told.raw) else None))
    return found


def _common(one: Benchmark, board: Board) -> tuple[str, ...]:
    scored = set(one.model_ids)
    return tuple(model for model in board.model_ids if model in scored)


def _places(every: tuple[str, ...], models: tuple[str, ...]) -> list[int]:
    place = {model: k for k, model in enumerate(every)}
    return [place[model] for model in models]


def _gap(one: Benchmark, board: Board, told: Association) -> dict[str, Any]:
    own = _places(one.model_ids, _common(one, board))
    return {
        "model_count": told.models,
        "unmatched_count": len(one.model_ids) - told.models,
        "unscored_count": len(board.model_ids) - told.models,
        "error_count": int(np.isfinite(one.error[own]).sum()),
        "first_party_count": int(one.is_first_party[own].sum()),
        "not_compared_reason": told.why_not,
        "correlation": _finite(told.raw),
        "correlation_lo": _finite(told.raw_lo),
        "correlation_hi": _finite(told.raw_hi),
        "p_value": _finite(told.p),
        "people_reliability": _finite(told.people_root**2),
        "benchmark_reliability": _finite(told.paper_root**2),
        "true_correlation": _finite(told.true),
        "true_correlation_lo": _finite(told.true_lo),
        "true_correlation_hi": _finite(told.true_hi),
        "own_correlation_lo": _finite(told.own_lo),
        "own_correlation_hi": _finite(told.own_hi),
    }


def _residuals(
    labels: dict[str, str], one: Benchmark, board: Board, off: Residuals, *, is_telling: bool
) -> Iterator[dict[str, Any]]:
    models = _common(one, board)
    own = _places(one.model_ids, models)
    skills = board.skill[_places(board.model_ids, models)]
    for place, model in enumerate(models):
        residual, p = float(off.residual[place]), float(off.p[place])
        # Without an error of its score people's alone would say how far it may be off.
        is_known = math.isfinite(float(one.error[own[place]]))
        on_board = board.model_ids.index(model)
        better = PEOPLE if residual > 0.0 else PAPER
        yield {
            **labels,
            "model_id": model,
            "score": float(one.score[own[place]]),
            "score_error": _finite(float(one.error[own[place]])),
            "skill": float(skills[place]),
            "skill_sd": math.sqrt(board.covariance[on_board, on_board]),
            "expected_skill": float(off.expected[place]),
            "residual": residual,
            "residual_lo": float(off.lo[place]) if is_known else None,
            "residual_hi": float(off.hi[place]) if is_known else None,
            "p_adjusted": p if is_known else None,
            "better_with": better if is_known and is_telling and p <= LEVEL else None,
            "people_rank": int(off.people_rank[place]),
            "paper_rank": int(off.paper_rank[place]),
            "rank_gap": int(off.paper_rank[place] - off.people_rank[place]),
            "rank_gap_lo": int(off.rank_gap_lo[place]) if is_known else None,
            "rank_gap_hi": int(off.rank_gap_hi[place]) if is_known else None,
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
