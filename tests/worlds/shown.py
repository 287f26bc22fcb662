"""The boards that the product makes of a world's verdicts; no other file here knows `ratings/`.

Tables go in as dbt would hand them over; what comes out is what a reader is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ratings.counts import CellCounts
from ratings.hierarchical import fit_hierarchical
from ratings.online import replay_tournament
from ratings.posterior import Posterior
from ratings.skewness import corrected_hierarchy
from ratings.stopping import Measure, value_of
from ratings.tournaments import (
    TRUESKILL_EP,
    UNWEIGHTED,
    Rated,
    RatingParameters,
    board,
    rate_each,
    rate_weighted,
    weighted_board,
)
from tests.worlds.declarations import AGES, CENSUS, REGIONS
from tests.worlds.population import Floats
from tests.worlds.verdicts import Verdicts
from tests.worlds.weights import raked

HIERARCHICAL, ONLINE = "trueskill_hierarchical", "trueskill_online"
EVERYBODY, DEFAULT, CENSUS_BOARD = "all", "default", "census"
DIMENSION = "overall"
COUNTS = ("win_a_count", "win_b_count", "tie_count")
PARAMETERS = RatingParameters(draws=2048)
# A stopping rule of the product is met from here on.
SURE = 0.95


@dataclass(frozen=True, eq=False)
class Shown:
    """One board: what made it, whom it is about (everybody or an age), its rows by model_id.

    ``sure`` (None where unknown): what the stopping rule "the leader is known" compares with .95.
    ``is_sided``: whether its model has an effect of what is shown left.
    """

    estimator: str
    weighting: str
    subject: str
    rows: pa.Table
    sure: float | None = None
    is_sided: bool = False


def flat_boards(verdicts: Verdicts, seed: int) -> Iterator[Shown]:
    """Boards of the estimators of counts: everybody's, also weighted, and each age's."""
    tables = [_with_stratum(_counted(verdicts), EVERYBODY)]
    told, age = verdicts.raters.told, verdicts.raters.age
    for code, name in enumerate(AGES):
        here = verdicts.of((told & (age == code))[verdicts.rater])
        tables.append(_with_stratum(_counted(here), name))
    yield from _flat(verdicts, pa.concat_tables(tables), PARAMETERS, seed)


def leading(verdicts: Verdicts, seed: int) -> Iterator[Shown]:
    """Everybody's board of the canonical estimator, unweighted and weighted."""
    counts = _with_stratum(_counted(verdicts), EVERYBODY)
    yield from _flat(verdicts, counts, replace(PARAMETERS, estimators=(TRUESKILL_EP,)), seed)


def _flat(
    verdicts: Verdicts, counts: pa.Table, parameters: RatingParameters, seed: int
) -> Iterator[Shown]:
    anchors = {}
    for one in rate_each(counts, parameters):
        is_canonical = one.estimator == TRUESKILL_EP
        if is_canonical and one.stratum_id == EVERYBODY:
            anchors[DIMENSION] = one.posterior
        sure = _sure(one.posterior) if is_canonical else None
        rows = board(one, parameters, seed)
        yield Shown(one.estimator, UNWEIGHTED, one.stratum_id, rows, sure)
    yield _weighted(verdicts, anchors, seed)


def _weighted(verdicts: Verdicts, anchors: Mapping[str, Posterior], seed: int) -> Shown:
    """Everybody's board under the default scheme."""
    present = np.bincount(verdicts.rater, minlength=verdicts.raters.age.size)
    weight = raked(verdicts.raters, (present > 0).astype(np.float64))
    rows = _counted(verdicts, weight / np.maximum(present, 1))
    one = rate_weighted(DEFAULT, EVERYBODY, DIMENSION, rows, anchors)
    shown = one.posterior.with_covariance(one.clustered.interval_covariance)
    made = weighted_board(one, PARAMETERS, seed)
    return Shown(TRUESKILL_EP, DEFAULT, EVERYBODY, made, _sure(shown))


def hierarchical(verdicts: Verdicts, seed: int) -> tuple[list[Shown], pa.Table]:
    """Boards of the model of groups, everybody's and each age's, and its table of axis effects."""
    raters, codes = verdicts.raters, verdicts.outcome
    battles = verdicts.battles
    axes = {"age": (AGES, raters.age), "region": (REGIONS, raters.region)}
    columns = {}
    for axis, (names, answers) in axes.items():
        level = pa.array(names).take(pa.array(answers[verdicts.rater]))
        told = pa.array(raters.told[verdicts.rater])
        columns[axis] = pa.compute.if_else(told, level, pa.scalar(None, pa.string()))
    columns |= {name: battles.column(name) for name in ("model_a", "model_b")}
    columns |= dict(zip(COUNTS, (pa.array((codes == k) * 1.0) for k in range(3)), strict=True))
    cells = CellCounts.from_arrow(pa.table(columns), list(axes))
    fitted = corrected_hierarchy(fit_hierarchical(cells), cells)
    shares = {
        (axis, level): share
        for axis, (names, _) in axes.items()
        for level, share in zip(names, CENSUS[axis], strict=True)
    }
    shown = []
    for subject in (EVERYBODY, *AGES):
        own = shares
        if subject != EVERYBODY:
            own = {key: share for key, share in shares.items() if key[0] != "age"}
            own |= {("age", subject): 1.0}
        posterior = fitted.board(own)
        rated = Rated(subject, DIMENSION, HIERARCHICAL, cells.pooled, posterior, CENSUS_BOARD)
        rows = board(rated, PARAMETERS, seed)
        shown.append(Shown(HIERARCHICAL, CENSUS_BOARD, subject, rows, _sure(posterior)))
    return shown, fitted.scales()


def online(verdicts: Verdicts, seed: int) -> Shown:
    """Everybody's board of the estimator that follows the order of battles."""
    rated, _ = replay_tournament(EVERYBODY, DIMENSION, verdicts.battles, PARAMETERS)
    return Shown(ONLINE, UNWEIGHTED, EVERYBODY, board(rated, PARAMETERS, seed))


def _counted(verdicts: Verdicts, each: Floats | None = None) -> pa.Table:
    """One row per rater, left and right (and prompt); ``each`` (R): what a verdict counts."""
    size = verdicts.size
    key = (verdicts.rater * size + verdicts.left) * size + verdicts.right
    prompts = int(verdicts.prompt.max(initial=-1)) + 2
    keys, place = np.unique(key * prompts + verdicts.prompt + 1, return_inverse=True)
    pair, prompt = np.divmod(keys, prompts)
    rater, pair = np.divmod(pair, size * size)
    left, right = np.divmod(pair, size)
    counts = np.zeros((keys.size, 3))
    np.add.at(counts, (place.reshape(-1), verdicts.outcome), 1.0)
    names = pa.array([f"model-{k:02d}" for k in range(size)])
    columns = {
        "participant_id": pa.array(rater),
        "model_a": names.take(pa.array(left)),
        "model_b": names.take(pa.array(right)),
        "battle_count": counts.sum(axis=1),
    }
    if prompts > 2:
        columns["item_id"] = pa.array(prompt - 1)
    amount = counts if each is None else counts * each[rater][:, None]
    return pa.table(columns | dict(zip(COUNTS, amount.T, strict=True)))


def _with_stratum(rows: pa.Table, stratum: str) -> pa.Table:
    rows = rows.append_column("stratum_id", pa.repeat(stratum, rows.num_rows))
    return rows.append_column("dimension", pa.repeat(DIMENSION, rows.num_rows))


def _sure(posterior: Posterior) -> float:
    return value_of(Measure.P_BEST, posterior)
