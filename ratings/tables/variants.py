"""What choosing among privately tested variants adds to a score (``ratings.best_of_n``).

On everybody's boards of the canonical estimator, unweighted or by a default weighting. A board
draws a skill towards the mean, the more the fewer its battles; of variants and of what they became
that is undone first, as those have few battles and this has many. Which is the best is by the skill
that the board shows, as that is what a provider sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import chdtrc, fdtrc, ndtr, ndtri

from ratings.best_of_n import Estimate, family, mean_of_largest, own_noise, winner
from ratings.compiled import FloatArray
from ratings.prior_pull import MOST_PULLED
from ratings.rounding import MICRO
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
    releases: Iterable[Release], boards: Iterable[Board], ratings: pa.Table, judges: pa.Table
) -> dict[str, pa.Table]:
    """The table `best_of_n`; none where no variant was published.

    Args:
        releases: what was published.
        boards: everybody's, as they are shown.
        ratings: the table `rating`, in integers, which knows each board's prior and people.
        judges: of `variant_judges`: how many people each family's variants were judged by.
    """
    known = list(releases)
    if not known:
        return {}
    kept, people = _kept(ratings), _people(ratings)
    of_family = {
        (row["dimension"], row["provider"], row["family_key"]): row["effective_participant_count"]
        for row in judges.to_pylist()
    }
    rows = []
    for board in boards:
        dimension = board.key["dimension"]
        everybody = people.get(_board_key(board), math.inf)
        for one in known:
            own = of_family.get((dimension, one.provider, one.family), math.inf)
            rows.append(_row(one, board, kept, min(everybody, own)))
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


def _people(ratings: pa.Table) -> dict[tuple[str, ...], float]:
    """Per board the people that it is worth (Kish), where they are known."""
    canonical = ratings.filter(pc.equal(ratings.column("estimator"), TRUESKILL_EP))
    names = ("weighting", "stratum_id", "dimension", "effective_participant_count_micro")
    columns = [canonical.column(name).to_pylist() for name in names]
    return {
        (weighting, stratum, dimension): people / MICRO
        for weighting, stratum, dimension, people in zip(*columns, strict=True)
        if people is not None
    }


def _board_key(board: Board) -> tuple[str, str, str]:
    return board.key["weighting"], board.key["stratum_id"], board.key["dimension"]


@dataclass(frozen=True, eq=False)
class _Scores:
    """Of variants that were tested: skills as ``shown``, scores and their covariance.

    ``shown`` and ``score`` (N), ``covariance`` (N, N); ``kept`` (N): shown over score. ``people``:
    by how many the covariance was estimated.
    """

    shown: FloatArray
    score: FloatArray
    kept: FloatArray
    covariance: FloatArray
    people: float

    def some(self, places: list[int]) -> _Scores:
        within = np.ix_(places, places)
        return _Scores(
            self.shown[places],
            self.score[places],
            self.kept[places],
            self.covariance[within],
            self.people,
        )

    def place(self, own: int) -> int:
        """1 is the best as shown; equal ones are in their order."""
        before = (self.shown > self.shown[own]).sum() + (self.shown[:own] == self.shown[own]).sum()
        return 1 + int(before)


def _row(
    one: Release, board: Board, kept: dict[tuple[str, ...], float], people: float
) -> dict[str, Any]:
    place = {model: k for k, model in enumerate(board.model_ids)}
    tested = sorted(model for model in one.tested if model in place)
    models = [*tested, *({one.public_id} & place.keys() - set(tested))]
    rows = [place[model] for model in models]
    share = np.array([kept.get((*_board_key(board), model), 1.0) for model in models])
    shown = board.skill[rows]
    covariance = board.covariance[np.ix_(rows, rows)] / np.outer(share, share)
    scores = _Scores(shown, shown / share, share, covariance, people)
    return {
        **dict.fromkeys(FIGURES),
        **board.key,
        "provider": one.provider,
        "family": one.family,
        "model_id": one.model_id,
        "public_id": one.public_id,
        "tested_count": len(one.tested),
        "variant_count": len(tested),
        "sibling_count": len(one.siblings),
        **_figures(one, tested, models, scores),
    }


def _figures(one: Release, tested: list[str], models: list[str], every: _Scores) -> dict[str, Any]:
    if one.is_joined:
        return {"not_estimated_reason": JOINED, "not_observed_reason": JOINED}
    if one.board_model_id not in tested:
        return {"not_estimated_reason": NOT_ON_BOARD, "not_observed_reason": NOT_ON_BOARD}
    own, among = tested.index(one.board_model_id), every.some(list(range(len(tested))))
    found = _chosen(one, tested, among, own)
    if one.public_id not in models:
        return found | {"not_observed_reason": NO_FRESH_VOTES}
    return found | _fresh(every, own, models.index(one.public_id))


def _chosen(one: Release, tested: list[str], among: _Scores, own: int) -> dict[str, Any]:
    score, noise = float(among.score[own]), own_noise(among.covariance)
    drawn = family(among.score, among.covariance, own)
    found: dict[str, Any] = {
        "rank_among_tested": among.place(own),
        **_with_interval("score", _normal(score, float(among.covariance[own, own]))),
        "own_noise": noise,
        "equal_inflation": noise * mean_of_largest(len(tested)),
        "p_equal": _p_equal(among),
        "spread": drawn.spread,
        "spread_hi": drawn.spread_hi,
        **_with_interval("shrunk", drawn.skill),
        **_with_interval("expected_inflation", _less(score, drawn.skill)),
        "p_not_too_high": drawn.p_above,
    }
    siblings = [k for k, model in enumerate(tested) if model in one.siblings]
    if len(siblings) > 1:
        found["p_siblings_equal"] = _p_equal(among.some(siblings))
    if found["rank_among_tested"] > 1:
        return found | {"not_estimated_reason": NOT_BEST}
    best = winner(among.score, among.covariance, among.kept)
    found |= _with_interval("corrected", best)
    return found | _with_interval("inflation", _less(score, best))


def _fresh(every: _Scores, own: int, public: int) -> dict[str, float]:
    score, covariance = every.score, every.covariance
    variance = covariance[own, own] + covariance[public, public] - 2.0 * covariance[own, public]
    fall = _normal(float(score[own] - score[public]), float(variance))
    fresh = _normal(float(score[public]), float(covariance[public, public]))
    sd = (fall.high - fall.low) / (2.0 * NORMAL_975)
    return {
        **_with_interval("fresh_score", fresh),
        **_with_interval("fall", fall),
        "p_fall": float(ndtr(-fall.estimate / sd)) if sd > 0.0 else math.nan,
    }


def _normal(mean: float, variance: float) -> Estimate:
    half = NORMAL_975 * math.sqrt(max(variance, 0.0))
    return Estimate(mean, mean - half, mean + half)


def _less(score: float, skill: Estimate) -> Estimate:
    return Estimate(score - skill.estimate, score - skill.high, score - skill.low)


def _with_interval(name: str, one: Estimate) -> dict[str, float]:
    return {name: one.estimate, f"{name}_lo": one.low, f"{name}_hi": one.high}


def _p_equal(scores: _Scores) -> float:
    """P of scores as far apart if all are equally good: Hotelling's test of a common mean.

    NaN of one alone, and where there are no more people than variants: their covariance then
    knows nothing of some difference (Hotelling 1931, Annals of Mathematical Statistics 2).
    """
    size, people = scores.score.size, scores.people
    if size < 2 or people <= size:
        return math.nan
    solved = np.linalg.solve(scores.covariance, np.column_stack([np.ones(size), scores.score]))
    mean = solved[:, 1].sum() / solved[:, 0].sum()
    squared = float((scores.score - mean) @ (solved[:, 1] - mean * solved[:, 0]))
    if math.isinf(people):
        return float(chdtrc(size - 1, squared))
    left = people - size + 1.0
    return float(fdtrc(size - 1, left, squared * left / ((size - 1) * (people - 1.0))))


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
    "p_not_too_high",
    "p_fall",
    "not_estimated_reason",
    "not_observed_reason",
)
"""Columns that not every row has."""
