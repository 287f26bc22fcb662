"""What in a board's verdicts looks like rigging: who votes too fast, as a copy, or for one model.

A *signal* names the people of one board who show it, how many would in a clean study, and the
chance of so many. Each compares people with the others of the same board, or with what the board's
own fit expects of a pair, so that a study in which everybody is quick, or a model that is better,
says nothing. CARELESS of people may be careless without anybody having planted them.

None of them proves anything of a person: a fan, a household and a copied record look alike. Votes
of many careful people who agree on one model, each with few battles, are not found by any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import gammaincinv, ndtr

from ratings.chances import binomial_above, density_at_chance, poisson_above
from ratings.compiled import FloatArray, IndexArray, Mask
from ratings.counts import PairCounts
from ratings.cut_gaussian import density
from ratings.expectation_propagation import fit
from ratings.posterior import Posterior

BURST, SPEED = "burst", "impossible_speed"
PATTERN, COPY = "identical_pattern", "near_duplicate"
FAVOURITE, UNRELATED = "one_model_preferred", "unrelated_verdicts"

CARELESS = 0.02
"""Of the people looked at, those who may be careless in a clean study."""
FEWEST_VOTES = 5
# Nobody reads two answers in so few seconds, again and again.
QUICK_SECONDS = 4.0
BURST_VOTES = 20
BURST_SECONDS = QUICK_SECONDS * BURST_VOTES
SENT_TOGETHER, PAUSE = 1.0, 300.0
"""Seconds: verdicts closer than that are of one page; a longer wait counts as that."""
NO_CLOCK = 900.0
"""Days, in any time zone, and hours begin on a multiple of these seconds."""
DEALT = 20
SHARED, ALIKE_SHARE, PEOPLE_MAX = 8, 0.8, 2_500
# How much likelier than the board's model says two honest people are to agree.
AGREEMENT_SLACK = 0.05
CHANCE = 0.05
"""Chance that anybody of a clean board shows PATTERN, or COPY."""
# A preferred model loses or ties at most one battle in ten.
LOST_SHARE = 0.1
TASTE = 0.75
"""Sd of a person's own liking of a model, in units of beta: fans are no attack."""
LIKING = 0.5
"""The same of each of a person's models, where all of them count."""
TASTE_NODES, TASTE_WEIGHTS = (-math.sqrt(3.0), 0.0, math.sqrt(3.0)), (1 / 6, 2 / 3, 1 / 6)
NEWTON_STEPS = 12
SIGNIFICANT = 0.05
# Who votes at random is looked for among those in whom it would show by so many sd.
FEWEST_TOLD, TOLD_BY, SUSPECT_BY = 10, 1.5, 1.96
FIRST_WINS, SECOND_WINS, TIE = range(3)


class Signal(NamedTuple):
    """One signal on one board.

    Args:
        name: of the signal.
        model: place of the model it is about; None where it is about none.
        tested: people looked at; 0: it can't be told here.
        expected: people who would show it in a clean study.
        people: who shows it: places among the board's people.
        p: of so many or so much in a clean study, corrected for what was looked at; NaN: not told.
    """

    name: str
    model: int | None
    tested: int
    expected: float
    people: IndexArray
    p: float


@dataclass(frozen=True, eq=False)
class Votes:
    """N verdicts of a board, ordered by person and time; of R people and M models.

    ``person`` (N): 0 to R - 1, rising; ``first``, ``second`` (N): places of the models, in the
    order of the board; ``is_turned`` (N): whether the second stood left; ``outcome`` (N):
    FIRST_WINS, SECOND_WINS or TIE; ``at`` (N): seconds since 1970, NaN where not known;
    ``source`` (N): codes of who sent them; ``board``: all verdicts on everybody's board (P pairs),
    those of others too; ``fitted``: to them, where who has more verdicts than usual counts as if
    not, so that a few who vote much don't set the measure of themselves.
    """

    person: IndexArray
    first: IndexArray
    second: IndexArray
    is_turned: Mask
    outcome: IndexArray
    at: FloatArray
    source: IndexArray
    board: PairCounts
    fitted: Posterior

    @classmethod
    def of(
        cls,
        posterior: Posterior,
        board: PairCounts,
        person: IndexArray,
        left: IndexArray,
        right: IndexArray,
        said: IndexArray,
        at: FloatArray,
        source: IndexArray | None = None,
    ) -> Votes:
        """``left``, ``right`` (N): models as shown; ``said`` (N): left wins, right wins, tie.

        ``posterior``: the board's; ``board``: its counts, these verdicts among them; ``source``:
        one and the same unless given.
        """
        is_turned = left > right
        first, second = np.minimum(left, right), np.maximum(left, right)
        outcome = np.where(is_turned & (said != TIE), 1 - said, said)
        counts = np.bincount(person)
        usual = float(np.median(counts))
        over = (1.0 - np.minimum(usual / np.maximum(counts, 1), 1.0))[person]
        models = len(board.model_ids)
        pair = np.searchsorted(board.first * models + board.second, first * models + second)
        taken = np.bincount(pair * 3 + outcome, over, board.first.size * 3).reshape(-1, 3)
        left_over = np.maximum(board.outcomes - taken, 0.0)
        columns = (np.ascontiguousarray(column) for column in left_over.T)
        won, lost, tied = columns
        capped = replace(board, win_first=won, win_second=lost, tie=tied)
        fitted = fit(capped, draw_margin=posterior.draw_margin, prior=posterior.prior)
        source = np.zeros_like(person) if source is None else source
        return cls(person, first, second, is_turned, outcome, at, source, board, fitted)

    @cached_property
    def chances(self) -> FloatArray:
        """Of each outcome as the fit has it (N, 3)."""
        models = len(self.board.model_ids)
        pairs, pair = np.unique(self.first * models + self.second, return_inverse=True)
        first, second = np.divmod(pairs, models)
        chances: FloatArray = chances_of(self.fitted, first, second)[pair.reshape(-1)]
        return chances

    @cached_property
    def starts(self) -> IndexArray:
        """Where each person's verdicts begin, and the last one's end (R + 1)."""
        return np.searchsorted(self.person, np.arange(self.people + 1))

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.person[-1]) + 1 if self.person.size else 0

    @cached_property
    def counts(self) -> IndexArray:
        """Verdicts of each person (R)."""
        return np.diff(self.starts)

    @cached_property
    def sided(self) -> IndexArray:
        """Verdicts as given: left wins, right wins, tie (N)."""
        turned = self.is_turned & (self.outcome != TIE)
        return np.where(turned, 1 - self.outcome, self.outcome)

    def sums(self, amount: FloatArray) -> FloatArray:
        """Of ``amount`` (N) over each person's verdicts (R)."""
        return np.bincount(self.person, amount, self.people).astype(np.float64, copy=False)


def chances_of(posterior: Posterior, first: IndexArray, second: IndexArray) -> FloatArray:
    """Of first wins, second wins and tie (N, 3), as a board has it."""
    covariance = posterior.covariance
    variance = covariance[first, first] + covariance[second, second]
    variance = variance - 2.0 * covariance[first, second]
    root = np.sqrt(posterior.prior.noise + variance)
    difference, margin = posterior.mean[first] - posterior.mean[second], posterior.draw_margin
    won = ndtr((difference - margin) / root)
    lost = ndtr((-difference - margin) / root)
    chances: FloatArray = np.column_stack((won, lost, np.maximum(1.0 - won - lost, 1e-12)))
    return chances


def signals(votes: Votes, seed: int) -> list[Signal]:
    """Every signal of a board's verdicts, each at least once."""
    return [
        bursts(votes, seed),
        impossible_speed(votes),
        identical_patterns(votes),
        near_duplicates(votes),
        *preferred(votes),
        unrelated(votes),
    ]


def nothing_told(name: str) -> Signal:
    """A signal that can't be told on this board."""
    return Signal(name, None, 0, 0.0, np.empty(0, np.int64), math.nan)


def _counted(name: str, tested: IndexArray, shows: Mask, expected: float) -> Signal:
    """A signal of each person alone; so many may be careless beside those expected."""
    expected += CARELESS * tested.size
    people = tested[shows]
    p = float(poisson_above(people.size - 1, expected)) if tested.size else math.nan
    return Signal(name, None, int(tested.size), expected, people, p)


def _waits(votes: Votes, shortest: float) -> tuple[FloatArray, IndexArray]:
    """Seconds between each person's verdicts in a source, one after another; and whose (G).

    Those of 0 or below ``shortest``, and of times without a clock, say nothing of pace.
    """
    at = np.where(votes.at % NO_CLOCK == 0.0, np.nan, votes.at)
    same = (votes.person[1:] == votes.person[:-1]) & (votes.source[1:] == votes.source[:-1])
    waits = np.diff(at)[same]
    is_told = (waits > 0.0) & (waits >= shortest)
    return np.minimum(waits[is_told], PAUSE), votes.person[1:][same][is_told]


def impossible_speed(votes: Votes) -> Signal:
    """People half of whose verdicts come within QUICK_SECONDS of the one before."""
    waits, whose = _waits(votes, SENT_TOGETHER)
    total = np.bincount(whose, minlength=votes.people)
    tested = np.flatnonzero(total >= FEWEST_VOTES - 1)
    if not tested.size:
        return nothing_told(SPEED)
    order = np.lexsort((waits, whose))
    middle = np.searchsorted(whose, tested) + (total[tested] - 1) // 2
    pace = waits[order][middle]
    quick = np.bincount(whose, waits < QUICK_SECONDS, votes.people)[tested]
    needed = np.ceil(0.5 * total[tested])
    source = votes.source[votes.starts[tested]]
    expected = 0.0
    for each in np.unique(source):
        own = source == each
        # If all of a source were alike, each as quick as its people are on the whole.
        share = float((quick[own] / total[tested][own]).mean())
        alike = float(np.sum(binomial_above(needed[own] - 1.0, total[tested][own], share)))
        expected += max(alike, float(own.sum()) * _quicker(pace[own], QUICK_SECONDS))
    return _counted(SPEED, tested, pace < QUICK_SECONDS, expected)


def bursts(votes: Votes, seed: int) -> Signal:
    """People with BURST_VOTES verdicts within BURST_SECONDS."""
    waits, whose = _waits(votes, 0.0)
    total = np.bincount(whose, minlength=votes.people)
    tested = np.flatnonzero(total >= BURST_VOTES - 1)
    if not tested.size:
        return nothing_told(BURST)
    random = np.random.default_rng(seed % 2**64)
    spans, expected = _spans(waits, whose, votes.people), 0.0
    source = votes.source[votes.starts[:-1]]
    # Of those with fewer verdicts, how long so many would take.
    told = np.flatnonzero(total >= FEWEST_VOTES - 1)
    mean = np.bincount(whose, waits, votes.people)[told] / total[told]
    pace = np.where(np.isfinite(spans[told]), spans[told], mean * (BURST_VOTES - 1))
    for each in np.unique(source[tested]):
        own = source[whose] == each
        # If all of a source were alike: the same waits, dealt anew among its people.
        dealt = [
            (_spans(random.permutation(waits[own]), whose[own], votes.people) < BURST_SECONDS).sum()
            for _ in range(DEALT)
        ]
        quicker = _quicker(pace[source[told] == each], BURST_SECONDS)
        expected += max(float(np.mean(dealt)), quicker * float((source[tested] == each).sum()))
    return _counted(BURST, tested, spans[tested] < BURST_SECONDS, expected)


def _spans(waits: FloatArray, whose: IndexArray, people: int) -> FloatArray:
    """The fewest seconds in which each person gave BURST_VOTES verdicts (R); infinite: never."""
    steps = BURST_VOTES - 1
    passed = np.concatenate(([0.0], np.cumsum(waits)))
    within = passed[steps:] - passed[:-steps]
    is_one = whose[: within.size] == whose[steps - 1 :]
    shortest = np.full(people, np.inf)
    np.minimum.at(shortest, whose[: within.size][is_one], within[is_one])
    return shortest


def _quicker(seconds: FloatArray, limit: float) -> float:
    """The share of a source's people below the limit if their own pace is lognormal.

    Those slower than its median person say how much they differ: the quicker half may be others.
    """
    pace = np.log(seconds)
    middle = float(np.median(pace))
    slower = pace[pace > middle] - middle
    spread = math.sqrt(float((slower**2).mean())) if slower.size else 0.0
    below = middle - math.log(limit)
    # If paces are wilder than that, as many are as far above.
    return max(float(ndtr(-below / max(spread, 1e-9))), float((slower > below).sum()) / pace.size)


def identical_patterns(votes: Votes) -> Signal:
    """People who gave the same answers in the same order, left, right or tie, as another did.

    By chance two people do with probability exp(-n H) at most if both have their habits, where H
    is the entropy of the record's answers; or, if likelier, as both see the same pairs. Who always
    answers the same has no entropy: quality rules find them.
    """
    tested = np.flatnonzero(votes.counts >= FEWEST_VOTES)
    if tested.size < 2:
        return nothing_told(PATTERN)
    said, starts = votes.sided.astype(np.uint8), votes.starts
    # Shorter records can't but be alike.
    lengths = np.unique(votes.counts[tested]).size
    pairs = math.log(tested.size * (tested.size - 1) / 2.0)
    limit = math.log(CHANCE / lengths)
    long_enough = tested[votes.counts[tested] * math.log(3.0) > pairs - limit]
    records: dict[bytes, list[int]] = {}
    for person in long_enough.tolist():
        records.setdefault(said[starts[person] : starts[person + 1]].tobytes(), []).append(person)
    found: list[int] = []
    lowest = 0.0
    for alike in records.values():
        if len(alike) > 1:
            chance = pairs + _log_match(votes, *alike[:2])
            lowest = min(lowest, chance)
            found += alike if chance < limit else []
    p = min(lengths * math.exp(lowest), 1.0)
    people = np.array(sorted(found), np.int64)
    p = p if people.size else 1.0
    return Signal(PATTERN, None, int(tested.size), CHANCE, people, p)


def _log_match(votes: Votes, one: int, other: int) -> float:
    places = [np.arange(votes.starts[who], votes.starts[who + 1]) for who in (one, other)]
    shares = np.bincount(votes.sided[places[0]], minlength=3) / places[0].size
    habit = float((shares[shares > 0.0] * np.log(shares[shares > 0.0])).sum())
    seen = [
        np.where(votes.is_turned[at, None], votes.chances[at][:, [1, 0, 2]], votes.chances[at])
        for at in places
    ]
    agreed = np.minimum((seen[0] * seen[1]).sum(axis=1) + AGREEMENT_SLACK, 1.0)
    return float(np.maximum(np.log(agreed), habit).sum())


def near_duplicates(votes: Votes) -> Signal:
    """People who said of at least SHARED pairs nearly the same as another did.

    Two people agree on a pair as its chances say, or as their habits do (sides, favourites), and
    people of this board more than that if they do on the whole. With more than PEOPLE_MAX people,
    those with the most verdicts are looked at.
    """
    heavy = np.flatnonzero(votes.counts >= SHARED)
    heavy = np.sort(heavy[np.argsort(-votes.counts[heavy], kind="stable")[:PEOPLE_MAX]])
    if heavy.size < 2:
        return nothing_told(COPY)
    number = np.full(votes.people, -1)
    number[heavy] = np.arange(heavy.size)
    rows = np.flatnonzero(number[votes.person] >= 0)
    unit, pair = np.unique(
        votes.first[rows] * (votes.second.max() + 1) + votes.second[rows], return_inverse=True
    )
    # Of several verdicts on one pair the last counts.
    key = number[votes.person[rows]] * unit.size + pair.reshape(-1)
    _, last = np.unique(key[::-1], return_index=True)
    rows, pair = rows[::-1][last], pair.reshape(-1)[::-1][last]
    person, outcome = number[votes.person[rows]], votes.outcome[rows]
    shape = (heavy.size, unit.size)

    def table(values: FloatArray) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, (person, pair)), shape=shape)

    judged = table(np.ones(rows.size))
    same = (votes.chances[rows] ** 2).sum(axis=1)
    shared = sparse.triu(judged @ judged.T, 1).tocoo()
    kept = shared.data >= SHARED
    one, other, both = shared.row[kept], shared.col[kept], shared.data[kept]
    if not both.size:
        return nothing_told(COPY)
    said = [table((outcome == which).astype(np.float64)) for which in range(3)]
    alike = said[0] @ said[0].T + said[1] @ said[1].T + said[2] @ said[2].T
    likely = table(same) @ judged.T
    agreed, expected = (_at(matrix, one, other) for matrix in (alike, likely))
    # How much likelier to agree people are than the model says: every two people count once.
    every = (shared.row, shared.col)
    differ, differ_expected = (
        1.0 - float((_at(matrix, *every) / shared.data).mean()) for matrix in (alike, likely)
    )
    excess = min(differ / max(differ_expected, 1e-9), 1.0)
    habits = np.maximum(
        *(_habits(person, code, heavy.size, one, other) for code in _codes(votes, rows))
    )
    chance = np.maximum(1.0 - excess * (1.0 - expected / both), habits)
    chance = np.minimum(chance + AGREEMENT_SLACK, 1.0)
    p = binomial_above(agreed - 1.0, both, chance)
    shows = (p * both.size < CHANCE) & (agreed >= ALIKE_SHARE * both)
    people = heavy[np.unique(np.concatenate((one[shows], other[shows])))]
    tested = np.unique(np.concatenate((one, other))).size
    least = min(float(p[shows].min()) * both.size, 1.0) if shows.any() else 1.0
    return Signal(COPY, None, tested, CHANCE, people, least)


def _at(matrix: sparse.csr_matrix, row: IndexArray, column: IndexArray) -> FloatArray:
    values: FloatArray = np.asarray(matrix[row, column], np.float64).reshape(-1)
    return values


def _codes(votes: Votes, rows: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Verdicts as sides, and as the likelier model, the other, or a tie."""
    chances, outcome = votes.chances[rows], votes.outcome[rows]
    is_second = chances[:, SECOND_WINS] > chances[:, FIRST_WINS]
    return votes.sided[rows], np.where(is_second & (outcome != TIE), 1 - outcome, outcome)


def _habits(
    person: IndexArray, code: IndexArray, people: int, one: IndexArray, other: IndexArray
) -> FloatArray:
    counts = np.bincount(person * 3 + code, minlength=people * 3).reshape(people, 3)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    alike: FloatArray = (shares[one] * shares[other]).sum(axis=1)
    return alike


def preferred(votes: Votes) -> list[Signal]:
    """Models that people prefer nearly always, beyond what strength and tastes explain.

    A person is looked at for a model of which they judged FEWEST_VOTES battles, and compared with
    what all others say of it. One row for the model of the least p, and for each other that is
    significant.
    """
    models = len(votes.board.model_ids)
    person = np.concatenate((votes.person, votes.person))
    own = np.concatenate((votes.first, votes.second))
    other = np.concatenate((votes.second, votes.first))
    won = np.concatenate((votes.outcome == FIRST_WINS, votes.outcome == SECOND_WINS))
    of_model = person * models + own
    _, place, battles = np.unique(of_model, return_inverse=True, return_counts=True)
    kept = battles[place.reshape(-1)] >= FEWEST_VOTES
    if not kept.any():
        return [nothing_told(FAVOURITE)]
    of_model, own, other, won = of_model[kept], own[kept], other[kept], won[kept]
    key, place, battles = np.unique(of_model, return_inverse=True, return_counts=True)
    wins = np.bincount(place, won, key.size)
    allowed = np.floor(LOST_SHARE * battles)
    shift, error = _as_others_say(votes, own, other, won)
    sway = np.hypot(TASTE * votes.fitted.prior.beta, error)[own]
    chance = np.zeros(key.size)
    # Of unlike battles a count is less spread than of alike ones (Hoeffding 1956).
    for node, weight in zip(TASTE_NODES, TASTE_WEIGHTS, strict=True):
        likely = _wins(votes.fitted, own, other, shift[own] + node * sway)
        share = np.bincount(place, likely, key.size) / battles
        chance += weight * binomial_above(battles - allowed - 1.0, battles, share)
    shows = battles - wins <= allowed
    who, which = np.divmod(key, models)
    expected = np.bincount(which, chance, models)
    seen = np.bincount(which, shows, models)
    # People may like what they like more than expected: of the other models too.
    rest, rest_seen = expected.sum() - expected, seen.sum() - seen
    surely = np.where(rest_seen > 0, gammaincinv(np.maximum(rest_seen, 1.0), 0.025), 0.0)
    expected = expected * np.maximum(surely / np.maximum(rest, 1e-9), 1.0)
    alone = np.ones(models)
    np.minimum.at(alone, which, np.where(shows, chance, 1.0) * key.size)
    together = poisson_above(seen - 1, expected) * np.unique(which).size
    p = np.minimum(2.0 * np.minimum(alone, together), 1.0)
    order = np.argsort(p, kind="stable")
    listed = [int(one) for place, one in enumerate(order) if not place or p[one] < SIGNIFICANT]
    return [
        Signal(
            FAVOURITE, one, int((which == one).sum()), float(expected[one]),
            who[(which == one) & shows], float(p[one]),
        )
        for one in listed
    ]  # fmt: skip


def _wins(
    posterior: Posterior, own: IndexArray, other: IndexArray, liked: FloatArray
) -> FloatArray:
    """Chances that ``own`` beats ``other``, if it is liked so much more than the fit says (N)."""
    difference = posterior.mean[own] - posterior.mean[other] + liked
    won: FloatArray = ndtr((difference - posterior.draw_margin) / math.sqrt(posterior.prior.noise))
    return won


def _as_others_say(
    votes: Votes, own: IndexArray, other: IndexArray, won: Mask
) -> tuple[FloatArray, FloatArray]:
    """How far each model (M) is above the fit by what all but the people looked at say; its error.

    ``own``, ``other``, ``won``: verdicts of those who are looked at for ``own``. Of a prior by
    which the fit is right within a verdict's own sd.
    """
    board, models = votes.board, len(votes.board.model_ids)
    looked_at = np.bincount(own * models + other, minlength=models**2).reshape(models, models)
    their_wins = np.bincount(own * models + other, won, models**2).reshape(models, models)
    battles, wins = np.zeros((models, models)), np.zeros((models, models))
    total = board.outcomes.sum(axis=1)
    battles[board.first, board.second] = battles[board.second, board.first] = total
    wins[board.first, board.second], wins[board.second, board.first] = (
        board.win_first, board.win_second,
    )  # fmt: skip
    battles, wins = np.maximum(battles - looked_at, 0.0), np.maximum(wins - their_wins, 0.0)
    place, against = np.nonzero(battles)
    count, said = battles[place, against], wins[place, against].copy()
    shift, scale = np.zeros(models), math.sqrt(votes.fitted.prior.noise)
    likely = steep = np.zeros(models)
    for _ in range(NEWTON_STEPS):
        likely = _wins(votes.fitted, place, against, shift[place])
        slope = density_at_chance(np.clip(likely, 1e-6, 1.0 - 1e-6)) / scale
        gap = np.bincount(place, said - count * likely, models) - shift / scale
        steep = np.asarray(np.bincount(place, count * slope, models) + 1.0 / scale)
        shift = shift + np.clip(gap / steep, -scale, scale)
    spread = np.bincount(place, count * likely * (1.0 - likely), models)
    return shift, np.sqrt(spread + 1.0) / steep


def unrelated(votes: Votes) -> Signal:
    """People whose verdicts have nothing to do with which model is better.

    Looked at are those in whom it would show: by TOLD_BY sd.
    """
    likely = votes.chances[:, FIRST_WINS] + 0.5 * votes.chances[:, TIE]
    edge = likely - 0.5
    spread = votes.chances[:, FIRST_WINS] + 0.25 * votes.chances[:, TIE] - likely**2
    scores = np.array([1.0, 0.0, 0.5])[votes.outcome]
    third = sum(
        chances * (score - likely) ** 3
        for chances, score in zip(votes.chances.T, (1.0, 0.0, 0.5), strict=True)
    )
    squares, information = votes.sums(edge**2), votes.sums(edge**2 * spread)
    root = np.sqrt(np.maximum(information, 1e-12))
    shift, pull = squares / root, votes.sums(edge * (scores - likely)) / root
    skew = votes.sums(edge**3 * third) / root**3
    tested = np.flatnonzero((votes.counts >= FEWEST_TOLD) & (shift >= TOLD_BY))
    if not tested.size:
        return nothing_told(UNRELATED)
    shift, pull, skew = shift[tested], pull[tested], skew[tested]
    # The board itself is of these people: most of them set the measure, and how much they differ.
    slope = float(np.median(pull / shift))
    pull = pull - slope * shift
    # People's own tastes spread them the more, the more they judge: as the upper half says (the
    # lower may be other people), or as likings of models do, if that is more.
    upper = pull > 0.0
    beyond = float(((pull[upper] ** 2 - 1.0) * shift[upper] ** 2).sum())
    tastes = max(beyond / float((shift[upper] ** 4).sum()), 0.0) if upper.any() else 0.0
    own = _taste_variance(votes, edge)[tested] / root[tested] ** 2
    sd = np.sqrt(1.0 + np.maximum(tastes * shift**2, own))
    limit = np.maximum(SUSPECT_BY * sd, 0.5 * (1.0 + slope) * shift)
    # Few verdicts lean to the left of the normal curve (Edgeworth 1905).
    at = limit / sd
    tail = ndtr(-at) - density(at) * skew / 6.0 * (at**2 - 1.0)
    # If tastes are wilder than that, as many are as far above.
    expected = max(float(np.clip(tail, 0.0, 1.0).sum()), float((pull > limit).sum()))
    return _counted(UNRELATED, tested, pull < -limit, expected)


def _taste_variance(votes: Votes, edge: FloatArray) -> FloatArray:
    """Of each person's sum (R), if they like each model by LIKING beta more or less than others."""
    beta, models = votes.fitted.prior.beta, len(votes.board.model_ids)
    slopes = density_at_chance(votes.chances[:, :TIE]).sum(axis=1) / 2.0
    moved = edge * slopes / math.sqrt(votes.fitted.prior.noise)
    by_model = np.bincount(votes.person * models + votes.first, moved, votes.people * models)
    by_model -= np.bincount(votes.person * models + votes.second, moved, votes.people * models)
    squares = (by_model.reshape(votes.people, models) ** 2).sum(axis=1)
    return np.asarray((LIKING * beta) ** 2 * squares)
