"""Boards from counts alone, and what lies beside them: pairs, mergers, rank shifts, agreement.

Every stratum of the unweighted sample; the groups of an axis merged; everybody's board under each
quality policy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.consistency import kendall_tau, rank_shifts, separation
from ratings.counts import PairCounts
from ratings.merging import merge_by_census, sd_ratio
from ratings.posterior import Posterior
from ratings.summary import pairwise
from ratings.tables.bounds import DETAILED_MODELS, PAIRS, left_out, paired
from ratings.tables.declarations import before_rounding
from ratings.tables.judged_boards import clustered, merged_dependence, over_all_models
from ratings.tournaments import (
    TRUESKILL_EP,
    UNWEIGHTED,
    Rated,
    RatingParameters,
    WeightedRated,
    board,
    derive_seed,
    rate_each,
    split,
    with_constants,
)

if TYPE_CHECKING:
    from ratings.tables.inputs import Judged, Judgments, Study

EVERYBODY = RatingParameters.margin_tournament
BOARD_KEY = ("stratum_id", "dimension", "weighting", "estimator")
POLICY = ("policy", "policy_version")
POLICY_COLUMNS = ("model_id", "skill", "skill_sd", "rank", "rank_lo", "rank_hi", "battle_count")


@dataclass(frozen=True)
class Groups:
    """The posteriors of an axis' groups in a country, over the country's models.

    ``whole``, ``parts``: the tournaments of the country and of the groups.
    """

    country: str
    axis: str
    dimension: str
    posteriors: dict[str, Posterior]
    shares: dict[str, float]
    whole: Rated
    parts: list[Rated]


def canonical(rated: Iterable[Rated]) -> dict[tuple[str, str], Rated]:
    """Per stratum and dimension, its tournament by the canonical estimator."""
    return {(one.stratum_id, one.dimension): one for one in rated if one.estimator == TRUESKILL_EP}


def anchors(rated: list[Rated], parameters: RatingParameters) -> dict[str, Posterior]:
    """Per dimension the posterior of all battles, whose prior holds everywhere."""
    return {
        dimension: one.posterior
        for (stratum, dimension), one in canonical(rated).items()
        if stratum == parameters.margin_tournament
    }


def pair_rows(one: Rated | WeightedRated, everybody: str = EVERYBODY) -> pa.Table:
    """P(a beats b) on a board of the canonical estimator, within bounds (``bounds.paired``).

    It is the board's own: of the posterior that the board shows, with its weights.
    """
    met = one.met if isinstance(one, WeightedRated) else one.counts
    shown = _shown(one)
    kept = paired(shown, is_everybody=one.stratum_id == everybody)
    return with_constants(pairwise(shown, met, kept), _key(one))


def covariance_rows(one: Rated | WeightedRated) -> pa.Table:
    """Covariance of the centred skills of such a board, each two models once; none of very many."""
    shown = _shown(one)
    size = len(shown.model_ids)
    rows, columns = np.triu_indices(size if size <= DETAILED_MODELS else 0)
    names = pa.array(shown.model_ids, pa.string())
    found = {
        "model_a": names.take(pa.array(rows)),
        "model_b": names.take(pa.array(columns)),
        "covariance": shown.skill_covariance[rows, columns],
    }
    return with_constants(pa.table(found), _key(one))


def _shown(one: Rated | WeightedRated) -> Posterior:
    return one.shown if isinstance(one, WeightedRated) else one.posterior


def _key(one: Rated | WeightedRated) -> dict[str, str]:
    key = (one.stratum_id, one.dimension, one.weighting, TRUESKILL_EP)
    return dict(zip(BOARD_KEY, key, strict=True))


def pairs_left_out(rated: list[Rated], everybody: str) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every unweighted board; weighted ones keep as many."""
    for one in canonical(rated).values():
        kept = paired(one.posterior, is_everybody=one.stratum_id == everybody).size
        yield left_out(PAIRS, one.stratum_id, one.dimension, len(one.posterior.model_ids), kept)


def tournament_rows(rated: list[Rated]) -> pa.Table:
    """One row per stratum and dimension: battles, ties, and how decided the board is."""
    rows = [
        {
            "stratum_id": one.stratum_id,
            "dimension": one.dimension,
            "battle_count": round(one.counts.battle_total),
            "tie_share": one.counts.tie_share,
            "decisiveness": 1 - one.counts.tie_share,
            "separation": separation(one.posterior),
        }
        for one in canonical(rated).values()
    ]
    return pa.Table.from_pylist(rows, schema=before_rounding("tournament"))


def groups_of_axes(rated: list[Rated], study: Study) -> Iterator[Groups]:
    """Each country's axes whose groups all have battles, rated over the country's models."""
    known = canonical(rated)
    for (country, dimension), whole in sorted(known.items()):
        for axis, shares in study.groups.get(country, {}).items():
            strata = {group: f"{country}/{axis}/{group}" for group in shares}
            if not all((stratum, dimension) in known for stratum in strata.values()):
                continue
            parts = {group: known[stratum, dimension] for group, stratum in strata.items()}
            posteriors = {group: over_all_models(one, whole) for group, one in parts.items()}
            yield Groups(country, axis, dimension, posteriors, shares, whole, list(parts.values()))


def merged_board(groups: Groups, parameters: RatingParameters, seed: int) -> tuple[pa.Table, float]:
    """The groups merged by census share: board rows, and merged sd over a typical group's."""
    parts = list(groups.posteriors.values())
    merged = merge_by_census(parts, [groups.shares[group] for group in groups.posteriors])
    ratio = sd_ratio(merged, parts)
    weighting = f"merged_by_{groups.axis}"
    rated = Rated(
        groups.country, groups.dimension, TRUESKILL_EP, groups.whole.counts, merged, weighting,
        merged_dependence(groups.parts, groups.whole, merged),
    )  # fmt: skip
    rows = board(rated, parameters, derive_seed(seed, groups.axis))
    return with_constants(rows, {"merged_sd_ratio": ratio}), ratio


def shifts(
    every: list[Groups], parameters: RatingParameters, seed: int
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Per country and dimension: rank shifts per axis and model, and per axis."""
    for country, dimension in sorted({(one.country, one.dimension) for one in every}):
        axes = {
            one.axis: one.posteriors
            for one in every
            if (one.country, one.dimension) == (country, dimension)
        }
        own = derive_seed(seed, country, dimension, "rank_shift")
        labels = {"country": country, "dimension": dimension}
        by_model, by_axis = rank_shifts(axes, own, parameters.draws)
        yield with_constants(by_model, labels), with_constants(by_axis, labels)


def _same(people: PairCounts, whole: PairCounts) -> bool:
    return (
        people.model_ids == whole.model_ids
        and np.array_equal(people.first, whole.first)
        and np.array_equal(people.second, whole.second)
        and np.array_equal(people.outcomes, whole.outcomes)
    )


def policy_ranks(
    counts: pa.Table,
    parameters: RatingParameters,
    seed: int,
    rated: Iterable[Rated] = (),
    judged: Judged | None = None,
    correct: Callable[[Rated], Rated] = lambda one: one,
) -> pa.Table:
    """One row per policy version, dimension and model; unweighted, the draw margin fitted anew.

    Args:
        counts: policy, policy_version, dimension, model_a, model_b and the three counts.
        parameters: as of every board; the policy stands for `margin_tournament`.
        seed: of the study; every policy draws the same ranks where its counts are the same.
        rated: boards without a policy; they hold where a policy leaves their counts as they are.
        judged: who judged under each policy; None: nobody is known.
        correct: what was done to them after the fit, to be done to others.
    """
    parts = [before_rounding("policy_rank").empty_table()]
    own = replace(parameters, estimators=(TRUESKILL_EP,))
    # A policy that strikes nobody leaves the counts, and with them the boards, as they are.
    unstruck = canonical(rated)
    known: list[tuple[pa.Table, list[pa.Table]]] = []
    versions = (
        counts.group_by(POLICY).aggregate([]).sort_by([(name, "ascending") for name in POLICY])
    )
    for policy in versions.to_pylist():
        here = pc.and_(*(pc.equal(counts.column(name), policy[name]) for name in POLICY))
        rows = counts.filter(here).drop_columns(list(POLICY))
        boards = next((same for other, same in known if other.equals(rows)), None)
        if boards is None:
            boards = _policy_boards(rows, unstruck, own, seed, judged, policy, correct)
            known.append((rows, boards))
        parts += [with_constants(one, policy) for one in boards]
    return pa.concat_tables(parts, promote_options="default")


def _policy_boards(
    rows: pa.Table,
    unstruck: dict[tuple[str, str], Rated],
    parameters: RatingParameters,
    seed: int,
    judged: Judged | None,
    policy: dict[str, str],
    correct: Callable[[Rated], Rated],
) -> list[pa.Table]:
    """Everybody's board of each dimension under one policy."""
    whole = with_constants(rows, {"stratum_id": parameters.margin_tournament})
    boards = []
    for key, pairs in split(whole).items():
        one = unstruck.get(key)
        if one is None or not _same(pairs, one.counts):
            here = pc.equal(whole.column("dimension"), key[1])
            own = None if judged is None else partial(_under, judged, policy)
            fitted = [correct(one) for one in rate_each(whole.filter(here), parameters)]
            [one] = clustered(fitted, own)
        board_rows = board(one, parameters, derive_seed(seed, POLICY[0])).select(POLICY_COLUMNS)
        boards.append(with_constants(board_rows, {"dimension": one.dimension}))
    return boards


def _under(judged: Judged, policy: dict[str, str], _: str, dimension: str) -> Judgments:
    return judged.under(policy[POLICY[0]], policy[POLICY[1]], dimension)


def agreement_rows(ratings: pa.Table) -> pa.Table:
    """Kendall's tau of every board with the canonical unweighted one, over the models of both.

    Args:
        ratings: the rating table in integers; equal micro-units are ties.

    Returns:
        One row per stratum, dimension, weighting and estimator; tau is null where a board has
        fewer than two models in common with the canonical one, or no order at all.
    """
    boards: dict[tuple[str, ...], dict[str, int]] = {}
    columns = [ratings.column(name).to_pylist() for name in (*BOARD_KEY, "model_id", "skill_micro")]
    for *key, model, skill in zip(*columns, strict=True):
        boards.setdefault(tuple(key), {})[model] = skill
    rows = []
    for own_key in sorted(boards):
        first = boards.get((*own_key[:2], UNWEIGHTED, TRUESKILL_EP))
        if first is not None and first is not boards[own_key]:
            tau = _tau(first, boards[own_key])
            rows.append({**dict(zip(BOARD_KEY, own_key, strict=True)), "kendall_tau": tau})
    return pa.Table.from_pylist(rows, schema=before_rounding("agreement"))


def _tau(one: dict[str, int], other: dict[str, int]) -> float | None:
    shared = sorted(one.keys() & other.keys())
    if len(shared) <= 1:
        return None
    skills = (np.array([board[model] for model in shared], dtype=float) for board in (one, other))
    tau = kendall_tau(*skills)
    return None if math.isnan(tau) else tau
