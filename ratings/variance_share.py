"""How much of a verdict is the models, the group, the person, the prompt, and chance.

A verdict on a pair of models is s = 1 (the first wins), -1 (the second) or 0 (a tie). What two
verdicts on one pair have in common is the mean of s s'. Whichever model is called the first, it is
the same. Of two people of different groups it is what the pair of models explains; two people of
one group add what the group explains; two verdicts of one person add the person; two people on one
prompt add the prompt. As shares of the mean of s squared they are shares of a verdict, and the rest
is chance: the method of moments for nested effects (Searle, Casella and McCulloch 1992, Variance
Components, chapter 2), compared within pairs, so that it matters nothing who judged which pair.

On the latent scale s is cut from a normal at -t and t, and every mean of s s' is the correlation
that gives it (Pearson's polychoric correlation; Drasgow 1986, Encyclopedia of Statistical
Sciences 7).

Intervals leave out each person once. A mean over couples is a U-statistic, of which the jackknife
counts the part that is of couples alone twice (Efron and Stein 1981, Annals of Statistics 9); here
it is counted once. Every figure has Satterthwaite's degrees of freedom of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from ratings.compiled import FloatArray, IndexArray
from ratings.linear_algebra import product
from ratings.sandwich import satterthwaite

PAIR, GROUP, PERSON, PROMPT, CHANCE = "pair", "group", "person", "prompt", "chance"
OTHER_GROUP, SAME_GROUP, SAME_PERSON = "other_group", "same_group", "same_person"
# Of fewer people nothing is said: their spread can't be told.
FEW_PEOPLE = 10
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_STEP = 1e-5
# Of sums of weights that cancel, what is left is less than this share of them.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What N (person, pair, group) said, verdicts of one model pair in ``block``.

    ``person``, ``block``, ``group`` (N): whole numbers from 0; ``wins``, ``losses``, ``ties`` (N):
    verdicts; ``weight`` (N): of each verdict. Rows of one person, block and group are one row.
    """

    person: IndexArray
    block: IndexArray
    group: IndexArray
    wins: FloatArray
    losses: FloatArray
    ties: FloatArray
    weight: FloatArray

    def some(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Verdicts:
        """Some of the rows, people and blocks numbered anew."""
        columns = (self.person, self.block, self.group)
        person, block, group = (numbered(column[chosen]) for column in columns)
        others = (self.wins, self.losses, self.ties, self.weight)
        return Verdicts(person, block, group, *(column[chosen] for column in others))

    @property
    def count(self) -> FloatArray:
        """Verdicts of each row (N)."""
        return self.wins + self.losses + self.ties


class Estimate(NamedTuple):
    """A figure and its 95% interval; None where nothing can be said."""

    value: float | None
    lo: float | None
    hi: float | None


NOTHING = Estimate(None, None, None)


@dataclass(frozen=True)
class Share:
    """What one part of a verdict explains: ``plain`` of s, ``latent`` of the normal behind it.

    ``couple_count``: couples of verdicts that say so.
    """

    part: str
    plain: Estimate
    latent: Estimate
    couple_count: int | None


@dataclass(frozen=True)
class Disagreement:
    """Of two verdicts on one pair that both name a winner, how often the winners differ.

    ``decided``: how often both name one.
    """

    relation: str
    opposite: Estimate
    decided: Estimate
    couple_count: int


@dataclass(frozen=True)
class Found:
    """What the verdicts of one dimension say of one axis of groups.

    ``verdict_count``: used; the rest are of pairs on which no two groups met.
    """

    shares: tuple[Share, ...]
    disagreements: tuple[Disagreement, ...]
    verdict_count: int
    participant_count: int
    effective_participant_count: float


class _Couples(NamedTuple):
    # Couples of one relation: sums of the products, and of their weights, per block (B); how much
    # of either goes with each person of a block (C); sums of squared products per block, beyond
    # what the rows explain (B).
    products: FloatArray
    weights: FloatArray
    own_products: FloatArray
    own_weights: FloatArray
    squares: FloatArray


class _Part(NamedTuple):
    # An estimate, how far everybody moves it (P) and their share of what it is made of (P), and
    # what of its variance is counted twice.
    value: float
    moves: FloatArray
    share: FloatArray
    twice: float


@dataclass(frozen=True, eq=False)
class _Layout:
    # Which rows share what: place of (block, group) and of (block, person); of the latter (C),
    # block and person.
    rows: Verdicts
    by_group: IndexArray
    by_person: IndexArray
    block: IndexArray
    person: IndexArray

    @classmethod
    def of(cls, rows: Verdicts) -> _Layout:
        groups, people = (int(column.max(initial=0)) + 1 for column in (rows.group, rows.person))
        of_person = np.zeros(people, dtype=np.int64)
        of_person[rows.person] = rows.group
        # Of one group everybody has a row per block.
        is_once = bool((of_person[rows.person] == rows.group).all())
        by_person = np.arange(rows.block.size)
        if not is_once:
            by_person = numbered(rows.block * people + rows.person)
        block, person = np.zeros((2, int(by_person.max(initial=-1)) + 1), dtype=np.int64)
        block[by_person], person[by_person] = rows.block, rows.person
        return cls(rows, numbered(rows.block * groups + rows.group), by_person, block, person)

    def met(self, own: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums of products of ``own`` (N) over two people, per block: of one group, of others."""
        block = self.rows.block
        group, person = _sum_by(self.by_group, own), _sum_by(self.by_person, own)
        whole = _sum_by(block, own)
        same = self._by_block(self.by_group, group * group) - _sum_by(block, own * own)
        every = whole * whole - self._by_block(self.by_person, person * person)
        return same, every - same

    def _by_block(self, place: IndexArray, values: FloatArray) -> FloatArray:
        block = np.zeros(values.size, dtype=np.int64)
        block[place] = self.rows.block
        return _sum_by(block, values)

    def with_others(self, own: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What goes with each person of a block (C) of the sums that `met` has."""
        beside = _sum_by(self.by_group, own)[self.by_group] - own
        others = _sum_by(self.rows.block, own)[self.rows.block] - beside
        others -= _sum_by(self.by_person, own)[self.by_person]
        alike, apart = (2.0 * _sum_by(self.by_person, own * each) for each in (beside, others))
        return alike, apart

    def couples(self, said: FloatArray) -> tuple[_Couples, _Couples]:
        """Two people of one group, and of different groups; ``said`` (N): sums of verdicts."""
        rows, off, own = self.rows, self._off_mean(said), self.rows.weight * said
        judged = rows.weight * rows.count
        products, weights = self.met(own), self.met(judged)
        own_products, own_weights = self.with_others(own), self.with_others(judged)
        spread = (rows.weight * off) ** 2
        whole, group = _sum_by(rows.block, spread), _sum_by(self.by_group, spread)
        within = self._by_block(self.by_group, group * group)
        squares = 0.5 * (within - _sum_by(rows.block, spread * spread)), 0.5 * (whole**2 - within)
        columns = zip(products, weights, own_products, own_weights, squares, strict=True)
        alike, apart = (_Couples(*each) for each in columns)
        return alike, apart

    def _off_mean(self, said: FloatArray) -> FloatArray:
        # How far a row (N) is off the mean of its block and group, as wide as if it weren't in that
        # mean; of nobody else's group, off the mean of its block.
        rows = self.rows
        judged = _sum_by(self.by_group, rows.weight * rows.count)[self.by_group]
        own = rows.weight * rows.count
        is_alone = judged - own <= ROUNDING * judged
        mean = _sum_by(self.by_group, rows.weight * said)[self.by_group] / judged
        block = _ratio(_sum_by(rows.block, rows.weight * said), _sum_by(rows.block, own))
        mean = np.where(is_alone, block[rows.block], mean)
        wider = np.ones(own.size)
        np.divide(judged, judged - own, out=wider, where=~is_alone)
        return (said - rows.count * mean) * np.sqrt(wider)

    def of_one_person(self, said: FloatArray, squares: FloatArray) -> _Couples:
        """Two verdicts of one person; ``squares`` (N): sums of squared verdicts."""
        rows, blocks = self.rows, int(self.rows.block.max(initial=-1)) + 1
        products = rows.weight * (said * said - squares)
        weights = rows.weight * rows.count * (rows.count - 1.0)
        return _Couples(
            _sum_by(rows.block, products, blocks),
            _sum_by(rows.block, weights, blocks),
            _sum_by(self.by_person, products),
            _sum_by(self.by_person, weights),
            np.zeros(blocks),
        )


def numbered(column: IndexArray) -> IndexArray:
    """Whole numbers from 0 in the order of the values (N)."""
    top = int(column.max(initial=0)) + 1
    if top > 8 * column.size + 1024 or column.min(initial=0) < 0:
        return np.unique(column, return_inverse=True)[1].astype(np.int64)
    is_there = np.zeros(top, dtype=np.bool_)
    is_there[column] = True
    return np.asarray((np.cumsum(is_there) - 1)[column], dtype=np.int64)


def _sum_by(place: IndexArray, values: FloatArray, size: int = 0) -> FloatArray:
    return np.asarray(np.bincount(place, values, size), dtype=np.float64)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def _without(couples: _Couples, block: IndexArray) -> tuple[FloatArray, FloatArray]:
    # Products and weights of a block when each of its people (C) is left out.
    whole = couples.weights[block]
    weights = whole - couples.own_weights
    weights = np.where(weights > ROUNDING * whole, weights, 0.0)
    products = np.where(weights > 0.0, couples.products[block] - couples.own_products, 0.0)
    return products, weights


def _part(
    whole: tuple[FloatArray, FloatArray],
    without: tuple[FloatArray, FloatArray],
    layout: _Layout,
    twice: float,
) -> _Part | None:
    # A ratio of sums over blocks (B), and the same without each person of a block (C).
    above, below = (float(each.sum()) for each in whole)
    if not below > 0.0:
        return None
    lost = [
        _sum_by(layout.person, each[layout.block] - less)
        for each, less in zip(whole, without, strict=True)
    ]
    value, left = above / below, below - lost[1]
    moves, is_left = np.zeros(left.size), left > ROUNDING * below
    np.divide(above - lost[0], left, out=moves, where=is_left)
    moves = np.where(is_left, value - moves, 0.0)
    return _Part(value, moves, lost[1] / below, twice / below**2)


def _level(couples: _Couples, layout: _Layout) -> _Part | None:
    # Mean over blocks, each as often as it was judged.
    rows = layout.rows
    own = rows.weight * rows.count
    judged = _sum_by(rows.block, own, couples.weights.size)
    scale = _ratio(judged, couples.weights)
    twice = float((4.0 * scale * scale * couples.squares).sum())
    products, weights = _without(couples, layout.block)
    left = judged[layout.block] - _sum_by(layout.by_person, own)
    left = np.where(weights > 0.0, left, 0.0)
    without = left * _ratio(products, weights), left
    return _part((scale * couples.products, judged), without, layout, twice)


def _beyond(more: _Couples, less: _Couples, layout: _Layout) -> _Part | None:
    # How much more alike couples of the one relation are than those of the other, within blocks.
    both = more.weights + less.weights
    of_more, of_less = _ratio(less.weights, both), _ratio(more.weights, both)
    twice = 4.0 * float((of_more**2 * more.squares + of_less**2 * less.squares).sum())
    whole = of_more * more.products - of_less * less.products, of_more * more.weights
    (more_said, more_left), (less_said, less_left) = (
        _without(couples, layout.block) for couples in (more, less)
    )
    left = more_left + less_left
    kept, beside = _ratio(less_left, left), _ratio(more_left, left)
    without = kept * more_said - beside * less_said, kept * more_left
    return _part(whole, without, layout, twice)


def _decided(layout: _Layout) -> _Part:
    # Share of verdicts that name a winner.
    rows = layout.rows
    named, judged = (
        _sum_by(rows.person, rows.weight * each) for each in (rows.wins + rows.losses, rows.count)
    )
    total = float(judged.sum())
    value, left = float(named.sum()) / total, total - judged
    return _Part(value, value - _ratio(named.sum() - named, left), judged / total, 0.0)


class _Moments(NamedTuple):
    # Estimates (K), their covariance (K, K); ``fourths`` (K, K): sums over people of products of
    # squared shares, of two estimates, those of each adding up to 1; ``most``: of the degrees of
    # freedom.
    value: FloatArray
    covariance: FloatArray
    fourths: FloatArray
    most: float

    def figure(self, value: float, slope: FloatArray) -> Estimate:
        sd = math.sqrt(max(float(slope @ self.covariance @ slope), 0.0))
        # Where nothing moves it nothing tells how far it may be off.
        if not (math.isfinite(value) and math.isfinite(sd) and sd > 0.0):
            return NOTHING
        reach = float(stdtrit(self._freedom(slope), 0.975)) * sd
        return Estimate(value, value - reach, value + reach)

    def _freedom(self, slope: FloatArray) -> float:
        # Satterthwaite's, of people who differ alike: who has much of it is much of its error.
        own = slope**2 * np.diag(self.covariance)
        return max(min(float(own.sum() ** 2 / (own @ self.fourths @ own)), self.most), 1.0)


def _moments(parts: list[_Part]) -> _Moments:
    by_people = np.column_stack([part.moves for part in parts])
    people = by_people.shape[0]
    covariance = (people - 1.0) / people * product(by_people.T, by_people)
    raw = np.diag(covariance).copy()
    once = np.maximum(raw - np.array([part.twice for part in parts]), 0.5 * raw)
    scale = np.sqrt(_ratio(np.maximum(once, 0.0), raw))
    shares = np.column_stack([part.share**2 for part in parts])
    shares /= shares.sum(axis=0)
    value = np.array([part.value for part in parts])
    fourths = product(np.ascontiguousarray(shares.T), shares)
    return _Moments(value, covariance * scale[:, None] * scale, fourths, people - 1.0)


def _likeness(correlation: float, cut: float) -> float:
    # Mean of s s' of two normals of this correlation, each cut at -cut and cut (Plackett 1954,
    # Biometrika 41: its slope is a normal density), by Gauss and Legendre over the angle.
    angle = 0.5 * math.asin(correlation) * (_NODES + 1.0)
    sine = np.sin(angle)
    dense = np.exp(-cut * cut / (1.0 + sine)) + np.exp(-cut * cut / (1.0 - sine))
    return float(0.5 * math.asin(correlation) * (_WEIGHTS @ dense)) / math.pi


def _cut(decided: float) -> float:
    return -float(ndtri(0.5 * min(max(decided, 1e-9), 1.0)))


def latent_correlation(likeness: float, decided: float) -> float:
    """The correlation at which two cut normals have this mean of s s'; held within 0.999.

    ``decided``: share of verdicts that name a winner.
    """
    cut, low, high = _cut(decided), -0.999, 0.999
    for _ in range(40):
        middle = 0.5 * (low + high)
        if _likeness(middle, cut) < likeness:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _latent(decided: float, level: float) -> tuple[float, float, float]:
    # The correlation, and its slopes by the share that is decided and by the level.
    found = latent_correlation(level, decided)
    step = _STEP * max(decided, 0.01)
    (less, more), (low, high) = (
        [_likeness(found, _cut(decided + sign * step)) for sign in (-1.0, 1.0)],
        [_likeness(found + sign * _STEP, _cut(decided)) for sign in (-1.0, 1.0)],
    )
    by_level = 2.0 * _STEP / (high - low)
    return found, -by_level * (more - less) / (2.0 * step), by_level


def variance_shares(given: Verdicts, prompts: Verdicts | None = None) -> Found | None:
    """Shares of a verdict, and how often two people disagree; None of fewer than FEW_PEOPLE people.

    ``given``: verdicts by person, pair and group; ``prompts``: those on a known prompt, which is
    the group there.
    """
    rows = _of_use(given)
    people = _sum_by(rows.person, rows.weight * rows.count)
    if people.size < FEW_PEOPLE:
        return None
    layout = _Layout.of(rows)
    said, decided = rows.wins - rows.losses, rows.wins + rows.losses
    judged = rows.weight * rows.count
    share = float((rows.weight * decided).sum() / judged.sum())
    parts = [_decided(layout)]
    counts, known = [], []
    for sums in (said, decided):
        alike, apart = layout.couples(sums)
        own = layout.of_one_person(sums, decided)
        repeated = np.count_nonzero(_sum_by(layout.person, own.own_weights))
        steps = [_level(apart, layout), _beyond(alike, apart, layout)]
        steps.append(_beyond(own, alike, layout) if repeated >= FEW_PEOPLE else None)
        known = [place for place, step in enumerate(steps) if step is not None]
        parts += [step for step in steps if step is not None]
        counts = _counts(layout)
    moments = _moments(parts)
    if not share > 0.0:
        return None
    prompt = None if prompts is None else _prompt(prompts)
    return Found(
        shares=tuple(_shares(moments, known, counts, prompt)),
        disagreements=tuple(_disagreements(moments, known, counts)),
        verdict_count=round(float(rows.count.sum())),
        participant_count=people.size,
        effective_participant_count=float(people.sum() ** 2 / (people**2).sum()),
    )


def _of_use(given: Verdicts) -> Verdicts:
    # Pairs that people of different groups judged.
    rows = given.some((given.count > 0.0) & (given.weight > 0.0))
    if not rows.block.size:
        return rows
    own = rows.weight * rows.count
    _, apart = _Layout.of(rows).met(own)
    judged = _sum_by(rows.block, own)
    return rows.some((apart > ROUNDING * judged * judged)[rows.block])


def _counts(layout: _Layout) -> list[int]:
    # Couples of verdicts: of different groups, of one group, of one person.
    count = layout.rows.count
    alike, apart = layout.met(count)
    return [round(0.5 * float(each.sum())) for each in (apart, alike, count * (count - 1.0))]


class _Prompt(NamedTuple):
    moments: _Moments
    couple_count: int


def _prompt(given: Verdicts) -> _Prompt | None:
    # Two people on one prompt against two people on different prompts; by prompts, which are drawn.
    rows = _of_use(given)
    if int(rows.person.max(initial=-1)) + 1 < FEW_PEOPLE:
        return None
    layout = _Layout.of(rows)
    alike, apart = layout.couples(rows.wins - rows.losses)
    more, level, decided = _beyond(alike, apart, layout), _level(apart, layout), _decided(layout)
    if more is None or level is None or not decided.value > 0.0:
        return None
    others = _moments([decided, level])
    by_prompt = _sum_by(rows.group, _of_prompts(layout, alike, apart, more.value))
    freedom = max(satterthwaite(*(np.array([(by_prompt**power).sum()]) for power in (2, 4))), 1.0)
    covariance, fourths = np.zeros((2, 3, 3))
    covariance[:2, :2], covariance[2, 2] = others.covariance, float(by_prompt @ by_prompt)
    fourths[:2, :2], fourths[2, 2] = others.fourths, 1.0 / freedom
    value = np.append(others.value, more.value)
    return _Prompt(_Moments(value, covariance, fourths, math.inf), _counts(layout)[1])


def _of_prompts(layout: _Layout, alike: _Couples, apart: _Couples, value: float) -> FloatArray:
    # What each row's couples on its own prompt add to the estimate (N), beyond their pair's mean.
    rows = layout.rows
    both = alike.weights + apart.weights
    kept = _ratio(apart.weights, both)[rows.block]
    judged = rows.weight * rows.count
    said = rows.weight * (rows.wins - rows.losses)
    mean = _ratio(_sum_by(rows.block, said), _sum_by(rows.block, judged))
    added = np.zeros(rows.block.size)
    for own, sign in ((said - judged * mean[rows.block], 1.0), (judged, -value)):
        added += sign * own * (_sum_by(layout.by_group, own)[layout.by_group] - own)
    # The mean is of the same few prompts, and so are the couples on others: both take from what
    # is seen of the spread, the more so the fewer prompts a pair has.
    seen = np.sqrt(np.maximum(kept, 0.25))
    return added / seen / float((_ratio(apart.weights, both) * alike.weights).sum())


def _shares(
    moments: _Moments, known: list[int], counts: list[int], prompt: _Prompt | None
) -> list[Share]:
    total = float(moments.value[0])
    size = moments.value.size
    found: list[Share] = []
    explained = np.zeros(size)
    last, last_slope = 0.0, np.zeros(size)
    level = 0.0
    for place, part in enumerate((PAIR, GROUP, PERSON)):
        if place not in known:
            found.append(Share(part, NOTHING, NOTHING, counts[place]))
            continue
        column = 1 + known.index(place)
        value = float(moments.value[column])
        slope = np.zeros(size)
        slope[0], slope[column] = -value / total**2, 1.0 / total
        explained += slope
        level += value
        latent, by_total, by_level = _latent(total, level)
        latent_slope = np.zeros(size)
        latent_slope[0] = by_total
        latent_slope[1 : 1 + known.index(place) + 1] = by_level
        found.append(
            Share(
                part,
                moments.figure(value / total, slope),
                moments.figure(latent - last, latent_slope - last_slope),
                counts[place],
            )
        )
        last, last_slope = latent, latent_slope
    rest = latent_rest = NOTHING
    # What nobody judged twice can't tell a person's taste from chance.
    if known == [0, 1, 2]:
        rest = moments.figure(1.0 - level / total, -explained)
        latent_rest = moments.figure(1.0 - last, -last_slope)
    if prompt is None:
        return [
            *found,
            Share(PROMPT, NOTHING, NOTHING, None),
            Share(CHANCE, rest, latent_rest, None),
        ]
    of_prompt = _prompt_share(prompt)
    found.append(of_prompt)
    rest, latent_rest = _less(rest, of_prompt.plain), _less(latent_rest, of_prompt.latent)
    return [*found, Share(CHANCE, rest, latent_rest, None)]


def _prompt_share(prompt: _Prompt) -> Share:
    moments = prompt.moments
    total, level, more = moments.value.tolist()
    plain = moments.figure(more / total, np.array([-more / total**2, 0.0, 1.0 / total]))
    with_it, without = _latent(total, level + more), _latent(total, level)
    slope = np.array([with_it[1] - without[1], with_it[2] - without[2], with_it[2]])
    latent = moments.figure(with_it[0] - without[0], slope)
    return Share(PROMPT, plain, latent, prompt.couple_count)


def _less(rest: Estimate, part: Estimate) -> Estimate:
    # Of what remains, less a part known apart; errors as if independent.
    if rest.value is None or rest.hi is None or part.value is None or part.hi is None:
        return rest
    reach = math.hypot(rest.hi - rest.value, part.hi - part.value)
    value = rest.value - part.value
    return Estimate(value, value - reach, value + reach)


def _disagreements(moments: _Moments, known: list[int], counts: list[int]) -> list[Disagreement]:
    found = []
    size = moments.value.size
    for place, relation in enumerate((OTHER_GROUP, SAME_GROUP, SAME_PERSON)):
        if place not in known:
            found.append(Disagreement(relation, NOTHING, NOTHING, counts[place]))
            continue
        upto = known.index(place) + 1
        alike, both = np.zeros(size), np.zeros(size)
        alike[1 : 1 + upto] = 1.0
        both[1 + len(known) : 1 + len(known) + upto] = 1.0
        product, decided = float(alike @ moments.value), float(both @ moments.value)
        if not decided > 0.0:
            found.append(Disagreement(relation, NOTHING, NOTHING, counts[place]))
            continue
        slope = -0.5 * (alike / decided - both * product / decided**2)
        found.append(
            Disagreement(
                relation,
                moments.figure(0.5 * (1.0 - product / decided), slope),
                moments.figure(decided, both),
                counts[place],
            )
        )
    return found
