"""What choosing among privately tested variants adds to a score (``ratings.best_of_n``).

On everybody's boards of the canonical estimator, unweighted or by a default weighting. A board
draws a skill towards the mean, the more the fewer its battles; of variants and of what they became
that is undone first, as those have few battles and this has many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import chdtrc, ndtr, ndtri

from ratings.best_of_n import Estimate, family, mean_of_largest, own_noise, winner
from ratings.compiled import FloatArray
from ratings.prior_pull import MOST_PULLED
from ratings.tables.benchmarks import Board
from ratings.tables.declarations import as_table
from ratings.tournaments import TRUESKILL_EP

BEST_OF_N = "best_of_n"
NORMAL_975 = float(ndtri(0.975))
NOT_ON_BOARD, JOINED, NOT_BEST = "not_on_board", "names_joined", "not_the_best"
NO_FRESH_VOTES = "no_fresh_votes"


@dataclass(frozen=True)
class Release:
    """A published variant and those that were tested before its release, itself among them."""

    provider: str | None
    family: str
    model_id: str
    board_model_id: str
    public_id: str
    is_joined: bool
    tested: tuple[str, ...]
    siblings: tuple[str, ...]


def releases_of(variants: pa.Table) -> list[Release]:
    """Of the rows of `tested_variants`."""
    rows = variants.to_pylist()
    found = []
    for one in rows:
        if one["public_model_id"] is None:
            continue
        tested = [
            row
            for row in rows
            if (row["provider"], row["family_key"]) == (one["provider"], one["family_key"])
            and (row["board_model_id"] == one["board_model_id"] or _is_before(row, one))
        ]
        siblings = [
            row["board_model_id"]
            for row in tested
            if one["variant_of"] is not None and row["variant_of"] == one["variant_of"]
        ]
        found.append(
            Release(
                one["provider"],
                one["family_key"],
                one["model_id"],
                one["board_model_id"],
                one["public_model_id"],
                any(row["is_joined"] for row in tested),
                tuple(dict.fromkeys(row["board_model_id"] for row in tested)),
                tuple(dict.fromkeys(siblings)),
            )
        )
    return found


def _is_before(row: dict[str, Any], released: dict[str, Any]) -> bool:
    # Tested before the release; what has no time may have been.
    first, at = row["tested_from"], released["published_at"]
    return first is None or at is None or bool(first < at)


def best_of_n_table(
    releases: Iterable[Release], boards: Iterable[Board], ratings: pa.Table
) -> dict[str, pa.Table]:
    """The table `best_of_n`; none where no variant was published.

    Args:
        releases: what was published.
        boards: everybody's, as they are shown.
        ratings: the table `rating`, in integers, which knows each board's prior.
    """
    known = list(releases)
    if not known:
        return {}
    kept = _kept(ratings)
    rows = [row for board in boards for one in known for row in _rows(one, board, kept)]
    return {BEST_OF_N: as_table(BEST_OF_N, rows)}


def _kept(ratings: pa.Table) -> dict[tuple[str, ...], float]:
    """Per board and model the share of its distance from the mean that the prior left."""
    canonical = ratings.filter(pc.equal(ratings.column("estimator"), TRUESKILL_EP))
    names = ("weighting", "stratum_id", "dimension", "model_id", "model_sd_micro", "prior_sd_micro")
    columns = [canonical.column(name).to_pylist() for name in names]
    return {
        (weighting, stratum, dimension, model): 1.0
        - min((model_sd / prior_sd) ** 2 if model_sd and prior_sd else 0.0, MOST_PULLED)
        for weighting, stratum, dimension, model, model_sd, prior_sd in zip(*columns, strict=True)
    }


def _rows(
    one: Release, board: Board, kept: dict[tuple[str, ...], float]
) -> Iterator[dict[str, Any]]:
    place = {model: k for k, model in enumerate(board.model_ids)}
    tested = [model for model in one.tested if model in place]
    models = [*tested, *({one.public_id} & place.keys() - set(tested))]
    rows = [place[model] for model in models]
    key = (board.key["weighting"], board.key["stratum_id"], board.key["dimension"])
    share = np.array([kept.get((*key, model), 1.0) for model in models])
    score = board.skill[rows] / share
    covariance = board.covariance[np.ix_(rows, rows)] / np.outer(share, share)
    yield {
        **dict.fromkeys(FIGURES),
        **board.key,
        "provider": one.provider,
        "family": one.family,
        "model_id": one.model_id,
        "public_id": one.public_id,
        "tested_count": len(one.tested),
        "variant_count": len(tested),
        "sibling_count": len(one.siblings),
        **_figures(one, tested, models, score, covariance),
    }


def _figures(
    one: Release,
    tested: list[str],
    models: list[str],
    score: FloatArray,
    covariance: FloatArray,
) -> dict[str, Any]:
    if one.is_joined:
        return {"not_estimated_reason": JOINED, "not_observed_reason": JOINED}
    if one.board_model_id not in tested:
        return {"not_estimated_reason": NOT_ON_BOARD, "not_observed_reason": NOT_ON_BOARD}
    count, own = len(tested), tested.index(one.board_model_id)
    among, noise = score[:count], covariance[:count, :count]
    found: dict[str, Any] = {
        "rank_among_tested": 1 + int((among > among[own]).sum()),
        **_with_interval("score", _normal(float(among[own]), float(noise[own, own]))),
        "own_noise": own_noise(noise),
        "equal_inflation": own_noise(noise) * mean_of_largest(count),
        "p_equal": _p_equal(among, noise),
    }
    siblings = [k for k, model in enumerate(tested) if model in one.siblings]
    if len(siblings) > 1:
        found["p_siblings_equal"] = _p_equal(among[siblings], noise[np.ix_(siblings, siblings)])
    drawn = family(among, noise, own)
    found |= {"spread": drawn.spread, "spread_hi": drawn.spread_hi}
    found |= _with_interval("shrunk", drawn.skill)
    found |= _with_interval("expected_inflation", _less(float(among[own]), drawn.skill))
    if found["rank_among_tested"] == 1:
        best = winner(among, noise)
        found |= _with_interval("corrected", best)
        found |= _with_interval("inflation", _less(float(among[own]), best))
    else:
        found["not_estimated_reason"] = NOT_BEST
    if one.public_id not in models:
        return found | {"not_observed_reason": NO_FRESH_VOTES}
    public = models.index(one.public_id)
    variance = covariance[own, own] + covariance[public, public] - 2.0 * covariance[own, public]
    fall = _normal(float(score[own] - score[public]), float(variance))
    fresh = _normal(float(score[public]), float(covariance[public, public]))
    found |= _with_interval("fresh_score", fresh) | _with_interval("fall", fall)
    sd = (fall.high - fall.low) / (2.0 * NORMAL_975)
    return found | {"p_fall": float(ndtr(-fall.estimate / sd)) if sd > 0.0 else math.nan}


def _normal(mean: float, variance: float) -> Estimate:
    half = NORMAL_975 * math.sqrt(max(variance, 0.0))
    return Estimate(mean, mean - half, mean + half)


def _less(score: float, skill: Estimate) -> Estimate:
    return Estimate(score - skill.estimate, score - skill.high, score - skill.low)


def _with_interval(name: str, one: Estimate) -> dict[str, float]:
    return {name: one.estimate, f"{name}_lo": one.low, f"{name}_hi": one.high}


def _p_equal(score: FloatArray, covariance: FloatArray) -> float:
    """P of scores as far apart if all are equally good: chi-square, of a common mean."""
    if score.size < 2:
        return math.nan
    solved = np.linalg.solve(covariance, np.column_stack([np.ones(score.size), score]))
    mean = solved[:, 1].sum() / solved[:, 0].sum()
    off = score - mean
    return float(chdtrc(score.size - 1, float(off @ (solved[:, 1] - mean * solved[:, 0]))))


FIGURES = (
    "rank_among_tested",
    *(
        name + end
        for name in (
            "score",
            "shrunk",
            "expected_inflation",
            "corrected",
            "inflation",
            "fresh_score",
            "fall",
        )
        for end in ("", "_lo", "_hi")
    ),
    "own_noise",
    "equal_inflation",
    "spread",
    "spread_hi",
    "p_equal",
    "p_siblings_equal",
    "p_fall",
    "not_estimated_reason",
    "not_observed_reason",
)
"""Columns that not every row has."""
