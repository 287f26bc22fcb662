"""All boards of a study: every tournament and dimension by every estimator of counts.

Out: which battles belong to which tournament, weights, merging, rounding, and storage.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ratings.bradley_terry import fit_bradley_terry
from ratings.counts import COUNT_COLUMNS, InvalidCountsError, PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.hyperparameters import fit_prior_sd
from ratings.posterior import BETA, PRIOR_MEAN, PRIOR_SD, Posterior
from ratings.predictions import PAIRWISE_SCHEMA, pairwise
from ratings.ranks import DEFAULT_DRAWS
from ratings.skewness import corrected
from ratings.summary import SUMMARY_FIELDS, summarise

TRUESKILL_EP = "trueskill_ep"
BRADLEY_TERRY = "bradley_terry"
COUNT_ESTIMATORS = (TRUESKILL_EP, BRADLEY_TERRY)
# Marks a parameter that a board's subject has only where it is not the default.
IS_LATER = "is_later"
# Which half of the rule makes a rating provisional; the first holds where both do.
PROVISIONAL_REASONS = ("few_battles_and_wide_interval", "few_battles", "wide_interval")

KEY_FIELDS = [
    pa.field("tournament_key", pa.string(), nullable=False),
    pa.field("dimension", pa.string(), nullable=False),
    pa.field("estimator", pa.string(), nullable=False),
]
RATING_SCHEMA = pa.schema(
    [
        *KEY_FIELDS,
        *SUMMARY_FIELDS,
        pa.field("battle_count", pa.int64(), nullable=False),
        pa.field("is_provisional", pa.bool_(), nullable=False),
        pa.field("provisional_reason", pa.string()),
        pa.field("component", pa.int64(), nullable=False),
        pa.field("component_count", pa.int64(), nullable=False),
        pa.field("model_count", pa.int64(), nullable=False),
        pa.field("tie_share", pa.float64(), nullable=False),
        pa.field("draw_margin", pa.float64(), nullable=False),
        pa.field("prior_sd", pa.float64(), nullable=False),
        pa.field("is_converged", pa.bool_(), nullable=False),
    ]
)
PAIRWISE_BOARD_SCHEMA = pa.schema([*KEY_FIELDS, *PAIRWISE_SCHEMA])


class MissingTournamentError(ValueError):
    """A dimension without the tournament its draw margin is fitted on."""


@dataclass(frozen=True)
class RatingParameters:
    """Everything a board depends on besides its counts and its seed; scales in skill units.

    A rating is provisional when its model took part in fewer than ``provisional_battle_count``
    battles, or when its centred sd is above ``provisional_sd_share`` of the prior sd.
    ``estimate_prior_sd``: per dimension, the prior sd that the evidence of ``margin_tournament``
    prefers takes the place of ``prior_sd``. ``online_tau``: drift per battle of trueskill_online.
    ``pool_countries``: trueskill_hierarchical is one model over the countries of a dimension.
    """

    beta: float = BETA
    prior_mean: float = PRIOR_MEAN
    prior_sd: float = PRIOR_SD
    margin_tournament: str = "all"
    estimators: tuple[str, ...] = field(default=COUNT_ESTIMATORS)
    draws: int = DEFAULT_DRAWS
    estimate_prior_sd: bool = False
    online_tau: float = 0.0
    provisional_battle_count: int = 30
    provisional_sd_share: float = 0.5
    # Boards from before it stay what they were.
    pool_countries: bool = field(default=False, metadata={IS_LATER: True})

    def __post_init__(self) -> None:
        unknown = set(self.estimators) - set(COUNT_ESTIMATORS)
        if unknown:
            raise ValueError(f"unknown estimators {sorted(unknown)}; known: {COUNT_ESTIMATORS}")
        if TRUESKILL_EP not in self.estimators:
            raise ValueError(f"estimators without {TRUESKILL_EP}: all boards take its draw margin")


@dataclass(frozen=True, eq=False)
class Rated:
    """One tournament rated by one estimator."""

    tournament_key: str
    dimension: str
    estimator: str
    counts: PairCounts
    posterior: Posterior


def derive_seed(seed: int, *names: str) -> int:
    """128-bit seed for one board, from the study's seed and the names that identify the board."""
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")


def fit_anchor(counts: PairCounts, parameters: RatingParameters) -> Posterior:
    """Posterior of a dimension's ``margin_tournament``; its margin and prior hold for the rest."""
    if parameters.estimate_prior_sd:
        return fit_prior_sd(counts, beta=parameters.beta, prior_mean=parameters.prior_mean)
    return fit_draw_margin(
        counts, beta=parameters.beta, prior_mean=parameters.prior_mean, prior_sd=parameters.prior_sd
    )


def fit_like(anchor: Posterior, counts: PairCounts) -> Posterior:
    """Posterior of ``counts`` with the margin, prior and noise of ``anchor``."""
    return fit(
        counts, draw_margin=anchor.draw_margin, beta=anchor.beta, prior_mean=anchor.prior_mean,
        prior_sd=anchor.prior_sd,
    )  # fmt: skip


def rate_each(counts: pa.Table, parameters: RatingParameters) -> Iterator[Rated]:
    """Rate every (tournament_key, dimension) in ``counts`` by every estimator, in sorted order.

    ``counts``: tournament_key, dimension, model_a, model_b, win_a_count, win_b_count, tie_count.
    The draw margin of a dimension is fitted on ``parameters.margin_tournament`` and shared by all
    its tournaments, for how people tie belongs to the question. Raises MissingTournamentError where
    that tournament is absent and InvalidCountsError for counts that cannot be rated.
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
                "to fit its draw margin on"
            )
        for estimator in sorted(parameters.estimators):
            if estimator == BRADLEY_TERRY:
                posterior = fit_bradley_terry(
                    pairs, beta=parameters.beta, prior_mean=parameters.prior_mean,
                    prior_sd=anchors[dimension].prior_sd,
                )  # fmt: skip
            elif key == parameters.margin_tournament:
                posterior = corrected(anchors[dimension], pairs)
            else:
                posterior = corrected(fit_like(anchors[dimension], pairs), pairs)
            yield Rated(key, dimension, estimator, pairs, posterior)


def rate(counts: pa.Table, parameters: RatingParameters, seed: int) -> pa.Table:
    """One row per (tournament_key, dimension, estimator, model_id), sorted by them; RATING_SCHEMA.

    See ``rate_each`` for ``counts`` and errors. ``seed``: any integer; each board's draws are keyed
    by it and the board's own names, so that boards do not depend on each other.
    """
    boards = [board(rated, parameters, seed) for rated in rate_each(counts, parameters)]
    return pa.concat_tables(boards) if boards else RATING_SCHEMA.empty_table()


def rate_pairs(counts: pa.Table, parameters: RatingParameters) -> pa.Table:
    """One row per (tournament_key, dimension, estimator, model_a, model_b); PAIRWISE_BOARD_SCHEMA.

    Ordered pairs of different models; see ``rate_each`` for ``counts`` and errors.
    """
    boards = [
        _named(rated, pairwise(rated.posterior, rated.counts), PAIRWISE_BOARD_SCHEMA)
        for rated in rate_each(counts, parameters)
    ]
    return pa.concat_tables(boards) if boards else PAIRWISE_BOARD_SCHEMA.empty_table()


def board(
    rated: Rated,
    parameters: RatingParameters,
    seed: int,
    *,
    battles: NDArray[np.float64] | None = None,
) -> pa.Table:
    """Rows of one tournament by one estimator; RATING_SCHEMA.

    ``battles`` (M): battles per model where the counts are weights.
    """
    names = (rated.tournament_key, rated.dimension, rated.estimator)
    counts, posterior = rated.counts, rated.posterior
    summary = summarise(posterior, derive_seed(seed, *names), parameters.draws)
    size = len(counts.model_ids)
    met = counts.battles_per_model if battles is None else battles
    battle_count = np.rint(met).astype(np.int64)
    few = battle_count < parameters.provisional_battle_count
    wide = posterior.skill_sd > parameters.provisional_sd_share * posterior.prior_sd
    extra = {
        "battle_count": battle_count,
        "is_provisional": few | wide,
        "provisional_reason": _reasons(few, wide),
        "component": counts.components,
        "component_count": np.full(size, counts.component_count),
        "model_count": np.full(size, size),
        "tie_share": np.full(size, counts.tie_share),
        "draw_margin": np.full(size, posterior.draw_margin),
        "prior_sd": np.full(size, posterior.prior_sd),
        "is_converged": np.full(size, posterior.converged),
    }
    for name, column in extra.items():
        summary = summary.append_column(name, pa.array(column, RATING_SCHEMA.field(name).type))
    return _named(rated, summary, RATING_SCHEMA)


def _reasons(few: NDArray[np.bool_], wide: NDArray[np.bool_]) -> list[str | None]:
    few_and_wide, only_few, only_wide = PROVISIONAL_REASONS
    words = {(True, True): few_and_wide, (True, False): only_few, (False, True): only_wide}
    return [words.get(halves) for halves in zip(few.tolist(), wide.tolist(), strict=True)]


def split(counts: pa.Table) -> dict[tuple[str, str], PairCounts]:
    """Pair counts of each (tournament_key, dimension), sorted by it."""
    columns = ["model_a", "model_b", *COUNT_COLUMNS]
    return {
        (key, dimension): PairCounts.from_arrow(counts.select(columns).filter(pa.array(here)))
        for key, dimension, here in tournament_masks(counts)
    }


def tournament_masks(table: pa.Table) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Each (tournament_key, dimension) in ``table``, sorted, with the mask (N) of its rows."""
    keys = table.select(["tournament_key", "dimension"])
    for name in keys.column_names:
        if keys.column(name).null_count:
            raise InvalidCountsError(f"{name} is null in {keys.column(name).null_count} rows")
    names = keys.group_by(keys.column_names).aggregate([]).to_pylist()
    for key, dimension in sorted((row["tournament_key"], row["dimension"]) for row in names):
        here = pc.and_(pc.equal(keys.column(0), key), pc.equal(keys.column(1), dimension))
        yield key, dimension, here.to_numpy()


def _named(rated: Rated, rows: pa.Table, schema: pa.Schema) -> pa.Table:
    keys = [
        pa.array([name] * rows.num_rows, pa.string())
        for name in (rated.tournament_key, rated.dimension, rated.estimator)
    ]
    return pa.table([*keys, *rows.columns], names=schema.names).cast(schema)
