"""How far a benchmark orders models as people do, and which models people like better than it does.

Of the M models that both know: Spearman's rank correlation of skills and scores; the same without
the errors of either side (Spearman 1904, American Journal of Psychology 15: the correlation of what
is measured is that of the measurements over the root of both reliabilities); and of every model how
far its skill is from what its place on the benchmark lets expect.

Two intervals answer two questions. *Models like these*: Fisher's z with the variance of Bonett and
Wright (2000, Psychometrika 65) knows that other models could have been compared; both sides' errors
are in it, for they scatter the correlation as well. *These models*: only people and benchmark are
asked again, by draws of both sides' errors.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtr

from ratings.compiled import FloatArray, IndexArray
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import factor, product
from ratings.summary import SEMIDEFINITE

DRAWS = 400
# Of fewer models a rank correlation says next to nothing: of 7 that have none, one study in twenty
# finds 0.79 or more, and intervals are rough.
FEWEST = 8
FEW_MODELS, ALL_EQUAL, MOSTLY_ERROR = "few_models", "all_equal", "mostly_error"
# Where more than this share of the variance of skills or of scores is error, what lies below it
# cannot be told.
LEAST_RELIABILITY = 0.2
LEVEL = 0.05
_BEYOND = 1.0 - 1e-9


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison over M models: figures, and what is known of their errors.

    ``value`` (M): higher is better; ``errors`` (D, M): draws of what measuring again would add, all
    zero where nothing is known; ``ranks`` (M): 1 the best, ties shared; ``root`` : of the
    reliability of these ranks, from 0 to 1, NaN where it cannot be told; ``again`` (D, M): the
    ranks of what measuring again would find, if the truth were spread as it seems to be.
    """

    value: FloatArray
    errors: FloatArray
    ranks: FloatArray
    root: float
    again: FloatArray

    @cached_property
    def drawn(self) -> FloatArray:
        """What measuring again would find, if what was found were true (D, M)."""
        return self.value + self.errors

    @cached_property
    def drawn_ranks(self) -> FloatArray:
        """The ranks of that (D, M)."""
        if not self.errors.any():
            return np.broadcast_to(self.ranks, self.errors.shape)
        return average_ranks(self.drawn)

    @cached_property
    def drawn_in_order(self) -> FloatArray:
        """The same, each draw from its highest on (D, M)."""
        return -np.sort(-self.drawn, axis=-1)


@dataclass(frozen=True, eq=False)
class Association:
    """How alike two sides order the same models; ends are of 95% intervals, NaN where unknown.

    ``why_not``: why there is no ``raw``, or else no ``true``; None where there are both;
    ``raw``: Spearman's correlation, and the interval of it for models like these; ``true``: without
    both sides' errors, within -1 and 1; ``true_lo``, ``true_hi``: of it for models like these;
    ``own_lo``, ``own_hi``: of it for these very models; ``p``: of no association, two-sided, by
    Student's t; ``people_root``, ``paper_root``: of the sides' reliabilities.
    """

    models: int
    why_not: str | None
    raw: float
    raw_lo: float
    raw_hi: float
    p: float
    true: float
    true_lo: float
    true_hi: float
    own_lo: float
    own_hi: float
    people_root: float
    paper_root: float


@dataclass(frozen=True, eq=False)
class Residuals:
    """Of M models: how far people like them from what the benchmark lets expect (all are (M)).

    ``expected``: skill; ``residual``, ``lo``, ``hi``: one model at a time; ``p``: corrected for all
    models of the benchmark; ``people_rank``, ``paper_rank``: among these models; ``rank_gap``:
    paper rank less people's, above 0 where people like it better; and its interval.
    """

    expected: FloatArray
    residual: FloatArray
    lo: FloatArray
    hi: FloatArray
    p: FloatArray
    people_rank: IndexArray
    paper_rank: IndexArray
    rank_gap_lo: IndexArray
    rank_gap_hi: IndexArray


def average_ranks(value: FloatArray) -> FloatArray:
    """Ranks of each row (..., M), 1 the highest; equal values share the mean of theirs."""
    if value.ndim > 1 and _is_distinct(value):
        order = np.argsort(-value, axis=-1)
        ranks = np.empty(value.shape)
        places = np.broadcast_to(np.arange(1.0, value.shape[-1] + 1.0), value.shape)
        np.put_along_axis(ranks, order, places, axis=-1)
        return ranks
    rows = value.reshape(-1, value.shape[-1])
    found = np.empty(rows.shape)
    for place, row in enumerate(rows):
        above = np.searchsorted(np.sort(-row), -row, side="left")
        upto = np.searchsorted(np.sort(-row), -row, side="right")
        found[place] = (above + upto + 1.0) / 2.0
    return found.reshape(value.shape)


def _is_distinct(rows: FloatArray) -> bool:
    ordered = np.sort(rows, axis=-1)
    return not bool((ordered[..., 1:] == ordered[..., :-1]).any())


def people_side(skill: FloatArray, covariance: FloatArray, seed: int, draws: int = DRAWS) -> Side:
    """Skills (M) with their covariance (M, M), as a board shows them.

    ``seed``: 128-bit Philox key.
    """
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((draws, skill.size))
    return _side(skill, product(normal, factor(covariance, SEMIDEFINITE)))


def paper_side(score: FloatArray, error: FloatArray, seed: int, draws: int = DRAWS) -> Side:
    """Scores (M), higher better, with their standard errors (M), NaN where none is known.

    ``seed``: 128-bit Philox key.
    """
    generator = np.random.Generator(np.random.Philox(key=seed))
    normal = generator.standard_normal((draws, score.size))
    return _side(score, normal * np.nan_to_num(error, nan=0.0))


def _side(value: FloatArray, errors: FloatArray) -> Side:
    ranks = average_ranks(value)
    if not errors.any():
        again = np.broadcast_to(ranks, errors.shape)
        return Side(value, errors, ranks, 1.0, again)
    apart = value - value.mean()
    noise = errors - errors.mean(axis=1, keepdims=True)
    whole = float(apart @ apart)
    share = float((noise**2).sum()) / errors.shape[0] / whole if whole > 0.0 else math.inf
    reliability = 1.0 - share
    # What was measured is spread by its errors: the truth is less so.
    narrowed = math.sqrt(max(reliability, 0.0)) * apart
    again = average_ranks(narrowed + errors)
    root = float(_correlations(again, average_ranks(narrowed)).mean()) if whole > 0.0 else math.nan
    is_told = reliability >= LEAST_RELIABILITY and root > 0.0
    return Side(value, errors, ranks, root if is_told else math.nan, again)


def _correlations(rows: FloatArray, other: FloatArray) -> FloatArray:
    # Pearson's correlation of each row (D, M) with another's row (M) or (D, M); 0 of no spread.
    one = rows - rows.mean(axis=-1, keepdims=True)
    two = other - other.mean(axis=-1, keepdims=True)
    both = (one * two).sum(axis=-1)
    spread = np.sqrt((one**2).sum(axis=-1) * (two**2).sum(axis=-1))
    found: FloatArray = np.divide(both, spread, out=np.zeros_like(both), where=spread > 0.0)
    return found


def association(people: Side, paper: Side) -> Association:
    """How alike people and paper order the models; all but their number NaN of fewer than FEWEST.

    So it is where all skills or all scores are equal.
    """
    models = people.value.size
    if models < FEWEST:
        return nothing_known(models)
    if np.ptp(people.ranks) == 0.0 or np.ptp(paper.ranks) == 0.0:
        return nothing_known(models, ALL_EQUAL)
    raw = float(_correlations(people.ranks[None], paper.ranks)[0])
    lo, hi = _fisher(raw, models)
    root = people.root * paper.root
    own = NORMAL_975 * float(_correlations(people.again, paper.again).std()) / root
    # Where no error of either side is known nothing tells what asking again would find.
    own = own if own > 0.0 else math.nan
    true = _within(raw / root)
    return Association(
        models,
        None if math.isfinite(root) else MOSTLY_ERROR,
        raw,
        lo,
        hi,
        _p_of_none(raw, models),
        true,
        _within(lo / root),
        _within(hi / root),
        _within(raw / root - own),
        _within(raw / root + own),
        people.root,
        paper.root,
    )


def nothing_known(models: int, why: str = FEW_MODELS) -> Association:
    """Of so many models nothing can be said but their number, and why."""
    return Association(models, why, *(math.nan,) * 11)


def _within(correlation: float) -> float:
    return min(max(correlation, -1.0), 1.0) if math.isfinite(correlation) else math.nan


def _fisher(raw: float, models: int) -> tuple[float, float]:
    # Of one and the same order the formula would be sure that it is so of all models.
    if abs(raw) >= _BEYOND:
        return math.nan, math.nan
    z = math.atanh(raw)
    half = NORMAL_975 * math.sqrt((1.0 + raw * raw / 2.0) / (models - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _p_of_none(raw: float, models: int) -> float:
    # One order of all that there are, and its reverse, are as far from none as can be.
    least = 2.0 / math.factorial(models)
    left = 1.0 - raw * raw
    if left <= 0.0:
        return least
    t = abs(raw) * math.sqrt((models - 2) / left)
    return max(2.0 * float(stdtr(models - 2, -t)), least)


def residuals(people: Side, paper: Side) -> Residuals:
    """Who is better with people than on paper: a line through skills by their place on paper.

    The skill of the model in place k of the people is what place k on paper would be worth if both
    agreed (so no scale of scores matters); the line through the mean by least squares draws it in
    as far as they do not. An interval is of measuring both sides again. Corrected p-values are
    Westfall and Young's step-down maximum over the draws. Equal scores share a place.
    """
    ordered = -np.sort(-people.value)
    residual, expected = _off_the_line(people.value[None], ordered[None], paper.ranks[None])
    ranks = paper.drawn_ranks
    drawn, _ = _off_the_line(people.drawn, people.drawn_in_order, ranks)
    noise = drawn - drawn.mean(axis=0)
    sd = np.sqrt((noise**2).mean(axis=0))
    is_known = sd > 0.0
    seen = np.divide(residual[0], sd, out=np.zeros(sd.size), where=is_known)
    scaled = np.divide(noise, sd, out=np.zeros_like(noise), where=is_known)
    gaps = ranks - people.drawn_ranks
    own_gap = paper.ranks - people.ranks
    # A draw is off what was seen as far as that is off the truth.
    spread = np.quantile(gaps - np.mean(gaps, axis=0) + own_gap, [0.025, 0.975], axis=0)
    models = people.value.size
    return Residuals(
        expected[0],
        residual[0],
        residual[0] - NORMAL_975 * sd,
        residual[0] + NORMAL_975 * sd,
        _step_down(np.abs(seen), np.abs(scaled)),
        _whole_ranks(people.value),
        _whole_ranks(paper.value),
        np.clip(np.rint(spread[0]), 1 - models, models - 1).astype(np.int64),
        np.clip(np.rint(spread[1]), 1 - models, models - 1).astype(np.int64),
    )


def _off_the_line(
    skill: FloatArray, ordered: FloatArray, paper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    # Residuals and expected skills (D, M) of skills (D, M), from the highest on in ``ordered``, by
    # the place on paper (D, M).
    low = np.floor(paper).astype(np.int64) - 1
    high = np.ceil(paper).astype(np.int64) - 1
    worth = np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1)
    worth /= 2.0
    mean = skill.mean(axis=-1, keepdims=True)
    worth -= worth.mean(axis=-1, keepdims=True)
    apart = skill - mean
    spread = (worth**2).sum(axis=-1, keepdims=True)
    slope = (worth * apart).sum(axis=-1, keepdims=True)
    slope = np.divide(slope, spread, out=np.zeros_like(slope), where=spread > 0.0)
    return apart - slope * worth, mean + slope * worth


def _step_down(seen: FloatArray, drawn: FloatArray) -> FloatArray:
    order = np.argsort(seen, kind="stable")
    # In each draw the largest of a model and of all that were seen smaller.
    largest = np.maximum.accumulate(drawn[:, order], axis=1)
    count = (largest >= seen[order]).sum(axis=0)
    p = (1.0 + count) / (1.0 + drawn.shape[0])
    found = np.empty(seen.size)
    # A smaller one is never surer than a larger one.
    found[order] = np.maximum.accumulate(p[::-1])[::-1]
    return found


def _whole_ranks(value: FloatArray) -> IndexArray:
    ranks = np.empty(value.size, dtype=np.int64)
    ranks[np.argsort(-value, kind="stable")] = np.arange(1, value.size + 1)
    return ranks
