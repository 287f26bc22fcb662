"""All boards of a study: every tournament and dimension by every estimator of counts.

Boards take the participant as the unit of sampling where judges are known (``dependence``):
intervals, ranks and P(best) come from the clustered sandwich, and the model's own sd stands beside
it. On boards weighted to a population likelihoods are raised to each battle's weight.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.bradley_terry import fit_bradley_terry
from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.counts import (
    InvalidCountsError,
    PairCounts,
    ParticipantCounts,
    amounts,
    model_indices,
)
from ratings.dependence import Dependence, dependence_of, weighted_judges
from ratings.draw_margin import fit_draw_margin
from ratings.own_margin import fit_own_margin
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior
from ratings.skewness import corrected
from ratings.summary import DEFAULT_DRAWS, summarise
from ratings.tiers import battles_to_separate, separations, tiers

TRUESKILL_EP = "trueskill_ep"
BRADLEY_TERRY = "bradley_terry"
COUNT_ESTIMATORS = (TRUESKILL_EP, BRADLEY_TERRY)
# Weighted boards are of the canonical estimator; their draws are keyed by a name of their own.
WEIGHTED_DRAWS = "trueskill_ep_weighted"
UNWEIGHTED = "none"
# Marks a parameter that a board's subject has only where it is not the default.
IS_LATER = "is_later"
DEPENDENCE_COLUMNS = {
    "interval_basis": pa.string(),
    "participant_count": pa.int64(),
    "effective_participant_count": pa.float64(),
    "unattributed_count": pa.int64(),
    "design_effect": pa.float64(),
    "item_count": pa.int64(),
}
# Which half of the rule makes a rating provisional; the first holds where both do.
PROVISIONAL_REASONS = ("few_battles_and_wide_interval", "few_battles", "wide_interval")


class MissingTournamentError(ValueError):
    """A dimension without the tournament its draw margin is fitted on."""


@dataclass(frozen=True)
class RatingParameters:
    """Everything a board depends on besides its counts and its seed; scales in skill units.

    A rating is provisional when its model took part in fewer than ``provisional_battle_count``
    battles, or when its centred sd is above ``provisional_sd_share`` of ``prior_sd``.
    ``estimate_prior_sd``: per dimension, the prior sd is learnt from ``margin_tournament``, and
    ``prior_sd`` is its most probable value before battles; else it is ``prior_sd``.
    ``online_tau``: drift per battle of trueskill_online.
    ``pool_countries``: trueskill_hierarchical is one model over the countries of a dimension.
    """

    beta: float = TRUESKILL_PRIOR.beta
    prior_mean: float = TRUESKILL_PRIOR.mean
    prior_sd: float = TRUESKILL_PRIOR.sd
    margin_tournament: str = "all"
    estimators: tuple[str, ...] = field(default=COUNT_ESTIMATORS)
    draws: int = DEFAULT_DRAWS
    estimate_prior_sd: bool = True
    online_tau: float = 0.0
    provisional_battle_count: int = 30
    provisional_sd_share: float = 0.5
    # Boards from before it stay what they were.
    pool_countries: bool = field(default=False, metadata={IS_LATER: True})

    @property
    def prior(self) -> Prior:
        """The three scales as one."""
        return Prior(self.prior_mean, self.prior_sd, self.beta)

    def __post_init__(self) -> None:
        unknown = set(self.estimators) - set(COUNT_ESTIMATORS)
        if unknown:
            raise ValueError(f"unknown estimators {sorted(unknown)}; known: {COUNT_ESTIMATORS}")
        if TRUESKILL_EP not in self.estimators:
            raise ValueError(f"estimators without {TRUESKILL_EP}: all boards take its draw margin")


@dataclass(frozen=True, eq=False)
class Rated:
    """One tournament rated by one estimator; ``weighting``: how people count on its board.

    ``dependence``: what the intervals rest on; its covariance is the posterior's. None where all
    verdicts are taken as independent. ``doubt`` (M, M): what of the covariance is not of the fit.
    """

    stratum_id: str
    dimension: str
    estimator: str
    counts: PairCounts
    posterior: Posterior
    weighting: str = UNWEIGHTED
    dependence: Dependence | None = None
    doubt: FloatArray | None = None


def derive_seed(seed: int, *names: str) -> int:
    """128-bit seed for one board, from the study's seed and the names that identify the board."""
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")


def fit_anchor(counts: PairCounts, parameters: RatingParameters) -> Posterior:
    """Posterior of a dimension's ``margin_tournament``, whose prior holds for the rest.

    So does its margin where a board has few battles of its own.
    """
    return fit_draw_margin(counts, parameters.prior, is_spread_learnt=parameters.estimate_prior_sd)


def rate_each(counts: pa.Table, parameters: RatingParameters) -> Iterator[Rated]:
    """Rate every (stratum_id, dimension) in ``counts`` by every estimator, in sorted order.

    ``counts``: stratum_id, dimension, model_a, model_b, win_a_count, win_b_count, tie_count.
    The prior of a dimension is that of ``parameters.margin_tournament``; each tournament has a draw
    margin of its own, near that one's where its battles are few. Raises MissingTournamentError
    where that tournament is absent and InvalidCountsError for counts that cannot be rated.
    """
    tournaments = split(counts)
    anchors: dict[str, Posterior] = {}
    for (key, dimension), pairs in tournaments.items():
        if key == parameters.margin_tournament:
            anchors[dimension] = fit_anchor(pairs, parameters)
    for (key, dimension), pairs in tournaments.items():
        if dimension not in anchors:
            raise MissingTournamentError(
                f"dimension {dimension!r} has no tournament {parameters.margin_tournament!r} "
                "to learn its prior from"
            )
        for estimator in sorted(parameters.estimators):
            if estimator == BRADLEY_TERRY:
                posterior = fit_bradley_terry(pairs, anchors[dimension].prior)
            elif key == parameters.margin_tournament:
                posterior = corrected(anchors[dimension], pairs)
            else:
                posterior = corrected(fit_own_margin(anchors[dimension], pairs), pairs)
            yield Rated(key, dimension, estimator, pairs, posterior)


def split(counts: pa.Table) -> dict[tuple[str, str], PairCounts]:
    """Pair counts of each (stratum_id, dimension), sorted by it."""
    keys = counts.select(["stratum_id", "dimension"])
    for name in keys.column_names:
        if keys.column(name).null_count:
            raise InvalidCountsError(f"{name} is null in {keys.column(name).null_count} rows")
    found = keys.group_by(keys.column_names).aggregate([]).to_pylist()
    tournaments = {}
    for stratum, dimension in sorted((row["stratum_id"], row["dimension"]) for row in found):
        here = pc.and_(pc.equal(keys.column(0), stratum), pc.equal(keys.column(1), dimension))
        tournaments[stratum, dimension] = PairCounts.from_arrow(counts.filter(here))
    return tournaments


def board(
    rated: Rated, parameters: RatingParameters, seed: int, *, battles: FloatArray | None = None
) -> pa.Table:
    """One row per model of one tournament by one estimator: ``summarise``, and what it is of.

    ``tier``: of models that are not provisional, which can be told apart from those of the next;
    ``p_next`` and ``next_battles_needed``: of the next such model below (``ratings.tiers``).

    ``battles`` (M): battles per model where the counts are weights. ``seed``: any integer; draws
    are keyed by it and the board's own names, so that boards do not depend on each other.
    """
    names = {name: getattr(rated, name) for name in ("stratum_id", "dimension", "estimator")}
    counts, posterior = rated.counts, rated.posterior
    met = counts.battles_per_model if battles is None else battles
    few, wide = few_or_wide(posterior, met, parameters)
    own_seed = derive_seed(seed, *names.values())
    summary = summarise(posterior, own_seed, parameters.draws, few | wide)
    rows = pa.table(
        {
            **dict(zip(summary.column_names, summary.columns, strict=True)),
            **_tiers(rated, summary.column("rank").to_numpy(), ~(few | wide), 0.5 * met.sum()),
            "battle_count": np.rint(met).astype(np.int64),
            "is_provisional": few | wide,
            "provisional_reason": pa.array(_reasons(few, wide), pa.string()),
            "component": counts.components,
        }
    )
    constants = {"weighting": rated.weighting, **names} | {
        "component_count": counts.component_count,
        "model_count": len(counts.model_ids),
        "tie_share": counts.tie_share,
        "draw_margin": float(posterior.draw_margin),
        "prior_sd": float(posterior.prior.sd),
        "is_converged": bool(posterior.converged),
    }
    return _with_dependence(with_constants(rows, constants), rated.dependence)


def few_or_wide(
    posterior: Posterior, battles: FloatArray, parameters: RatingParameters
) -> tuple[Mask, Mask]:
    """Models (M) that are provisional for too few ``battles`` (M), and for too wide an interval."""
    few = np.rint(battles) < parameters.provisional_battle_count
    return few, posterior.skill_sd > parameters.provisional_sd_share * parameters.prior_sd


def _with_dependence(rows: pa.Table, known: Dependence | None) -> pa.Table:
    if known is None:
        return rows
    constants = {
        "interval_basis": known.basis,
        "participant_count": known.participant_count,
        "effective_participant_count": known.effective_participant_count,
        "unattributed_count": known.unattributed_count,
        "design_effect": known.design_effect,
        "item_count": known.item_count,
    }
    model_sd = pa.array([None] * rows.num_rows if known.model_sd is None else known.model_sd)
    rows = rows.append_column("model_sd", model_sd.cast(pa.float64()))
    for name, kind in DEPENDENCE_COLUMNS.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(constants[name], kind), rows.num_rows))
    return rows


def _tiers(rated: Rated, rank: IndexArray, counted: Mask, battles: float) -> dict[str, pa.Array]:
    """Columns that say which models are told apart; null for those that are not ``counted``."""
    freedom, effective = math.inf, None
    if rated.dependence is not None:
        freedom, effective = (
            rated.dependence.growth[1],
            rated.dependence.effective_participant_count,
        )
    found = separations(rated.posterior, freedom, math.inf if effective is None else effective)
    by_rank = np.argsort(rank, kind="stable")
    by_rank = by_rank[counted[by_rank]]
    above, below = by_rank[:-1], by_rank[1:]
    p_next = np.full(rank.size, np.nan)
    needed: list[int | None] = [None] * rank.size
    p_next[above] = found.p[above, below]
    for model, battles_needed in zip(
        above.tolist(), battles_to_separate(found, above, below, battles), strict=True
    ):
        needed[model] = battles_needed
    return {
        "tier": pa.array(tiers(found.better, rank, counted), mask=~counted),
        "better_than_count": pa.array(found.better[:, counted].sum(axis=1), mask=~counted),
        "p_next": pa.array(p_next, mask=np.isnan(p_next)),
        "next_battles_needed": pa.array(needed, pa.int64()),
    }


def with_constants(rows: pa.Table, constants: Mapping[str, Any]) -> pa.Table:
    """Rows with a column for each constant."""
    for name, value in constants.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def _reasons(few: Mask, wide: Mask) -> list[str | None]:
    few_and_wide, only_few, only_wide = PROVISIONAL_REASONS
    words = {(True, True): few_and_wide, (True, False): only_few, (False, True): only_wide}
    return [words.get(halves) for halves in zip(few.tolist(), wide.tolist(), strict=True)]


@dataclass(frozen=True, eq=False)
class WeightedRated:
    """One tournament under weights: ``posterior`` is the model's, ``dependence`` what is shown.

    ``met``: how often models met, whatever the weights, as ties. ``items``: an item stands for a
    participant of ``people``; None where none is shared.
    """

    weighting: str
    stratum_id: str
    dimension: str
    people: ParticipantCounts
    met: PairCounts
    posterior: Posterior
    dependence: Dependence
    items: ParticipantCounts | None = None

    @property
    def shown(self) -> Posterior:
        """The posterior with the covariance that the board shows."""
        return self.posterior.with_covariance(self.dependence.covariance)

    @property
    def battles(self) -> FloatArray:
        """How often each model met others (M)."""
        return self.met.battles_per_model


def rate_weighted(
    weighting: str,
    stratum_id: str,
    dimension: str,
    judgments: pa.Table,
    anchors: Mapping[str, Posterior],
    items: pa.Table | None = None,
) -> WeightedRated:
    """Rate one tournament of the weighted sample.

    ``judgments``: participant_id, model_a, model_b, weights in win_a_count, win_b_count and
    tie_count, and battle_count, the unweighted battles behind a row. ``anchors``: per dimension
    the posterior whose prior holds, and whose margin where verdicts are few. ``items``: verdicts by
    participant and item, as in ``dependence.judges_of``, under the same ids.

    Weights are scaled to a mean of one per battle. Spread over a participant's battles (w_i / m_i)
    they sum to participants; a likelihood of that power would leave sixty verdicts of one person as
    much to the prior as a single one. Raises MissingTournamentError for a dimension without an
    anchor and InvalidCountsError for weights that cannot be used.
    """
    if dimension not in anchors:
        raise MissingTournamentError(
            f"dimension {dimension!r} has no posterior whose draw margin could hold"
            f" for {stratum_id!r}"
        )
    people = ParticipantCounts.from_arrow(judgments)
    met = _met(judgments, people.counts.model_ids)
    factor = 1.0
    if people.counts.battle_total > 0.0:
        factor = met.battle_total / people.counts.battle_total
        people = people.scaled(factor)
    posterior = fit_own_margin(anchors[dimension], people.counts)
    judges = weighted_judges(people, judgments, items, factor)
    return WeightedRated(
        weighting, stratum_id, dimension, people, met, posterior,
        dependence_of(posterior, judges), judges.items.each if judges.items else None,
    )  # fmt: skip


def weighted_board(one: WeightedRated, parameters: RatingParameters, seed: int) -> pa.Table:
    """One row per model: those of ``board``, and what is known of the sample.

    skill_sd, intervals, ranks and p_best are the sandwich's; model_sd is the posterior's own;
    design_effect is the mean ratio of their variances.
    """
    rated = Rated(
        one.stratum_id, one.dimension, WEIGHTED_DRAWS, one.people.counts, one.shown,
        one.weighting, one.dependence,
    )  # fmt: skip
    rows = board(rated, parameters, derive_seed(seed, one.weighting), battles=one.battles)
    place = rows.column_names.index("estimator")
    return rows.set_column(place, "estimator", pa.repeat(TRUESKILL_EP, rows.num_rows))


def _met(rows: pa.Table, model_ids: tuple[str, ...]) -> PairCounts:
    _, a, b = model_indices(rows, model_ids)
    met = amounts(rows, "battle_count")
    none = np.zeros_like(met)
    return PairCounts.from_indices(model_ids, a, b, none, none, met)
