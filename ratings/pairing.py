"""Which battles to hold next: a batch without repeats, each with the probability it was chosen by.

What a battle teaches is in closed form. Seeing an outcome shrinks the variance s^2 of the pair's
difference to s^2 (1 - w s^2 / c^2), with c^2 = s^2 + 2 beta^2 and w as in TrueSkill (``gaussian``).
Because the moments are exact, the expected Kullback-Leibler divergence from what was known before
is the expected fall of entropy, -1/2 E[log(1 - w s^2 / c^2)] nats: the mean's expected step and the
variance's fall cancel (law of total variance). MacKay 1992, "Information-based objective functions
for active data selection". Differences come from the full covariance: variances alone take two
well-known rivals for strangers.

A chosen battle counts as a Gaussian observation that teaches as much. So the covariance after it is
known before its outcome is, and the next choice can look ahead: a rank-one downdate, no new fit.

Every slot of a batch is filled by chance: with probability ``random_share`` any allowed pair, all
alike, else the pair its rule likes best given those before it. So each propensity is that of the
slot given the slots before, and no allowed pair's is zero, which importance weighting needs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtr

from ratings.compiled import FloatArray, IndexArray, Mask, compiled
from ratings.cut_gaussian import density, log_band
from ratings.gaussian import draw_moments, win_moments
from ratings.linear_algebra import inverse
from ratings.posterior import Posterior

# Below this share of the noise a difference is as good as known, and 0/0 is near.
KNOWN = 1e-12
TINY = 1e-300


@compiled
def _shrinkages(t: FloatArray, margin: FloatArray) -> FloatArray:
    # w (N, 3) of first wins, second wins and tie at standardised differences t (N).
    out = np.empty((t.size, 3))
    for p in range(t.size):
        out[p, 0] = win_moments(t[p] - margin[p])[1]
        out[p, 1] = win_moments(-t[p] - margin[p])[1]
        out[p, 2] = draw_moments(t[p], margin[p])[1]
    return out


def battle_information(
    mean: FloatArray, variance: FloatArray, margin: float, noise: float
) -> FloatArray:
    """Nats that one battle is expected to teach of each difference N(mean, variance) (N).

    ``margin``: draw margin, skill units, positive; ``noise``: 2 beta^2.
    """
    total = variance + noise
    root = np.sqrt(total)
    t, e = mean / root, margin / root
    chances = np.stack((ndtr(t - e), ndtr(-t - e), np.exp(log_band(t, e))), axis=1)
    gain = chances * np.log1p(-_shrinkages(t, e) * (variance / total)[:, None])
    nats: FloatArray = -0.5 * gain.sum(axis=1)
    return nats


def battle_precision(
    mean: FloatArray, variance: FloatArray, margin: float, noise: float
) -> FloatArray:
    """Precision (N) of a Gaussian observation of each difference that would teach as much.

    As variance goes to 0: Fisher's information of the outcome, E[w] / noise, at that difference.
    """
    floor = np.maximum(variance, KNOWN * noise)
    precision: FloatArray = np.expm1(2.0 * battle_information(mean, floor, margin, noise)) / floor
    return precision


def pair_precisions(posterior: Posterior) -> FloatArray:
    """``battle_precision`` of every pair, symmetric (M, M) with a zero diagonal."""
    mean, covariance = posterior.mean, posterior.covariance
    i, j = np.triu_indices(mean.size, 1)
    variance = np.maximum(covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j], 0.0)
    noise = posterior.prior.noise
    out = np.zeros_like(covariance)
    out[i, j] = battle_precision(mean[i] - mean[j], variance, posterior.draw_margin, noise)
    return out + out.T


def fisher_information(
    skill: FloatArray,
    first: IndexArray,
    second: IndexArray,
    battles: FloatArray,
    like: Posterior,
) -> FloatArray:
    """Fisher's information about ``skill`` (M), (M, M), of so many ``battles`` (P) of each pair.

    ``first``, ``second`` (P): the pairs; ``like``: whose draw margin and noise hold.
    """
    noise = like.prior.noise
    t, e = (
        np.abs(skill[first] - skill[second]) / math.sqrt(noise),
        like.draw_margin / math.sqrt(noise),
    )
    # Squared slopes of the outcomes' probabilities over them: win, loss and tie of the better one.
    win, loss, tie = ndtr(t - e), ndtr(-t - e), ndtr(e - t) - ndtr(-e - t)
    of_win, of_loss = density(t - e), density(t + e)
    each = of_win**2 / win + of_loss**2 / np.maximum(loss, TINY)
    each += (of_win - of_loss) ** 2 / np.maximum(tie, TINY)
    return laplacian(skill.size, first, second, battles * each / noise)


def laplacian(size: int, first: IndexArray, second: IndexArray, weight: FloatArray) -> FloatArray:
    """Precision (M, M) of observations of differences, each of precision ``weight`` (P)."""
    out = np.zeros((size, size))
    np.add.at(out, (first, second), -weight)
    out += out.T
    out[np.diag_indices(size)] = -out.sum(axis=1)
    return out


def _centred(covariance: FloatArray) -> FloatArray:
    # Rows less their mean (S, M, M): C V, where C takes the mean over models away.
    return covariance - _mean_in_order(covariance)[:, None, :]


def _mean_in_order(rows: FloatArray) -> FloatArray:
    # Over the last axis (M), added one by one: models of which the same is known stay equal to the
    # last bit, so that rounding does not choose between their pairs.
    total: FloatArray = np.cumsum(rows, axis=-1)[..., -1]
    total /= rows.shape[-1]
    return total


def centred_variances(covariance: FloatArray) -> FloatArray:
    """Variances (S, M) of skills less their mean, of S covariances (S, M, M)."""
    rows = _centred(covariance)
    variances: FloatArray = np.diagonal(rows, axis1=1, axis2=2) - _mean_in_order(rows)
    return variances


def board_gram(covariance: FloatArray, weight: FloatArray, value: FloatArray) -> FloatArray:
    """G = weight (C V)' diag(value) (C V) of each part (S, M, M); C takes the mean away.

    A battle of pair u takes precision / (1 + precision s^2) u'Gu off the variances of the board's
    M skills, valued at ``value`` (M) each; ``weight`` (S): squared census share.
    """
    rows = _centred(covariance)
    scaled = rows * (weight[:, None] * value)[:, :, None]
    gram: FloatArray = np.einsum("ski,skj->sij", scaled, rows)
    return gram


def match_qualities(mean: FloatArray, covariance: FloatArray, noise: float) -> FloatArray:
    """TrueSkill's match quality of every pair (S, M, M): how likely a draw is, of 0 to 1.

    Herbrich, Minka, Graepel 2006, section 5; from variances alone, as TrueSkill has them.
    """
    own = np.diagonal(covariance, axis1=1, axis2=2)
    total = noise + own[:, :, None] + own[:, None, :]
    d = mean[:, :, None] - mean[:, None, :]
    quality: FloatArray = np.sqrt(noise / total) * np.exp(-0.5 * d * d / total)
    return quality


@compiled
def _gain(precision: float, covariance: FloatArray, gram: FloatArray, i: int, j: int) -> float:
    # What the board gains by a battle of i and j.
    spread = max(covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j], 0.0)
    reach = gram[i, i] + gram[j, j] - 2.0 * gram[i, j]
    return float(0.5 * reach * precision / (1.0 + precision * spread))


@compiled
def _take_in(covariance: FloatArray, gram: FloatArray, i: int, j: int, precision: float) -> None:
    # Both after one observation of the difference, in place.
    size = covariance.shape[0]
    a = np.empty(size)
    b = np.empty(size)
    for r in range(size):
        a[r] = covariance[i, r] - covariance[j, r]
        b[r] = gram[i, r] - gram[j, r]
    k = precision / (1.0 + precision * max(a[i] - a[j], 0.0))
    square = k * k * (b[i] - b[j])
    for r in range(size):
        x = k * a[r]
        y = k * b[r]
        z = square * a[r]
        for c in range(size):
            covariance[r, c] -= x * a[c]
            gram[r, c] += z * a[c] - x * b[c] - y * a[c]


@compiled
def _open_pairs(allowed: Mask, left: IndexArray, pairs: IndexArray) -> int:
    # Write part and models of every pair that may be asked (at most S * M * (M - 1) / 2, 3).
    count = 0
    for s in range(allowed.shape[0]):
        for i in range(left.size):
            if left[i] > 0:
                for j in range(i + 1, left.size):
                    if allowed[s, i, j] and left[j] > 0:
                        pairs[count, 0] = s
                        pairs[count, 1] = i
                        pairs[count, 2] = j
                        count += 1
    return count


@compiled
def _choose(
    covariance: FloatArray,
    gram: FloatArray,
    precision: FloatArray,
    quality: FloatArray,
    allowed: Mask,
    left: IndexArray,
    uniform: FloatArray,
    random_share: float,
    pairs: IndexArray,
    slots: FloatArray,
) -> int:
    size = left.size
    candidates = np.empty((allowed.shape[0] * size * (size - 1) // 2, 3), dtype=np.int64)
    for slot in range(uniform.shape[0]):
        count = _open_pairs(allowed, left, candidates)
        if count == 0:
            return slot
        best = 0
        highest = -1.0
        for n in range(count):
            s, i, j = candidates[n, 0], candidates[n, 1], candidates[n, 2]
            if quality.size > 0:
                score = quality[s, i, j]
            else:
                score = _gain(precision[s, i, j], covariance[s], gram[s], i, j)
            if score > highest:
                highest = score
                best = n
        taken = best
        if uniform[slot, 0] < random_share:
            slots[slot, 2] = 1.0
            taken = min(int(uniform[slot, 1] * count), count - 1)
        slots[slot, 1] = random_share / count
        if taken == best:
            slots[slot, 1] += 1.0 - random_share
        s, i, j = candidates[taken, 0], candidates[taken, 1], candidates[taken, 2]
        slots[slot, 0] = _gain(precision[s, i, j], covariance[s], gram[s], i, j)
        pairs[slot, 0], pairs[slot, 1], pairs[slot, 2] = s, i, j
        allowed[s, i, j] = False
        left[i] -= 1
        left[j] -= 1
        _take_in(covariance[s], gram[s], i, j, precision[s, i, j])
    return int(uniform.shape[0])


def choose(
    covariance: FloatArray,
    gram: FloatArray,
    precision: FloatArray,
    quality: FloatArray,
    allowed: Mask,
    left: IndexArray,
    uniform: FloatArray,
    random_share: float,
) -> tuple[IndexArray, FloatArray]:
    """Fill the slots of a batch; ``covariance``, ``gram``, ``allowed`` and ``left`` are used up.

    ``covariance``, ``gram``, ``precision`` (S, M, M); ``quality`` (S, M, M): what the best pair has
    most of, or empty for the board's gain; ``allowed`` (S, M, M): pairs i < j that may be asked;
    ``left`` (M): appearances each model has left; ``uniform`` (N, 2): per slot whether at random,
    and which. Returns part and pair, and gain, propensity and 1 where at random, of each (N, 3).
    """
    pairs = np.zeros((uniform.shape[0], 3), dtype=np.int64)
    slots = np.zeros((uniform.shape[0], 3))
    filled = _choose(
        covariance, gram, precision, quality, allowed, left, uniform, random_share, pairs, slots
    )
    return pairs[:filled], slots[:filled]


class Rule(StrEnum):
    """What makes a pair the best one to ask about."""

    INFORMATION_GAIN = "information_gain"
    MATCH_QUALITY = "match_quality"
    RANDOM = "random"


@dataclass(frozen=True)
class PairingPolicy:
    """A rule and its parameters; under one name and version they never change.

    ``random_share``: 0 to 1. Half costs hardly a battle; a fifth lets intervals cover too little
    where models are closer than the prior thinks (docs/pairing.md).
    ``uncertainty_power``: how much more a model's interval counts the wider it is: 0 counts nats
    about every model alike, 2 goes for the widest intervals.
    ``model_limit``: most appearances of a model in a batch, in equal shares (2 x batch / models).
    ``participant_limit``: most battles of one participant; None for no limit.
    """

    policy: str
    version: str
    rule: Rule = Rule.INFORMATION_GAIN
    random_share: float = 0.5
    uncertainty_power: float = 2.0
    model_limit: float = 4.0
    participant_limit: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.random_share <= 1.0:
            raise ValueError(f"random_share must be 0 to 1, got {self.random_share}")
        if not (self.model_limit > 0.0 and self.uncertainty_power >= 0.0):
            raise ValueError("model_limit must be positive and uncertainty_power zero or more")


@dataclass(frozen=True, eq=False)
class Batch:
    """N proposals in the order in which they were chosen.

    ``part`` (N): in which tournament; ``left``, ``right`` (N): models, in the order to show them;
    ``gain`` (N): expected gain about the board, given the proposals before: half the sum over
    models of the relative fall of their variance (nats), weighted as the policy says;
    ``propensity`` (N): of the unordered pair in that tournament and slot; ``is_random`` (N).
    """

    part: IndexArray
    left: IndexArray
    right: IndexArray
    gain: FloatArray
    propensity: FloatArray
    is_random: Mask


def propose(
    parts: Sequence[Posterior],
    policy: PairingPolicy,
    *,
    size: int,
    seed: int,
    shares: Sequence[float] = (1.0,),
    allowed: Mask | None = None,
) -> Batch:
    """At most ``size`` proposals, no pair twice in a tournament; fewer where no more are allowed.

    ``parts``: posteriors of S disjoint tournaments over the same M models; ``shares`` (S): what
    each counts for on the board, as in ``merge_by_census``. ``allowed`` (S, M, M),
    symmetric: pairs that may be asked; None for all. ``seed``: 128-bit Philox key.
    Raises ValueError where the parts rate different models.
    """
    if len({part.model_ids for part in parts}) != 1 or len(shares) != len(parts):
        raise ValueError("one share per tournament, and all of the same models")
    models = len(parts[0].model_ids)
    if allowed is None:
        allowed = np.ones((len(parts), models, models), dtype=np.bool_)
    covariance = np.stack([part.covariance for part in parts])
    mean = np.stack([part.mean for part in parts])
    precision = np.stack([pair_precisions(part) for part in parts])
    weight = np.square(np.asarray(shares, dtype=np.float64))
    # One model alone has no rival, and its skill less the mean no variance.
    variance = np.maximum((weight[:, None] * centred_variances(covariance)).sum(axis=0), TINY)
    relative = variance / variance.sum() * models
    gram = board_gram(covariance, weight, relative**policy.uncertainty_power / variance)
    quality = np.empty((0, 0, 0))
    if policy.rule is Rule.MATCH_QUALITY:
        quality = match_qualities(mean, covariance, parts[0].prior.noise)
    most = math.ceil(policy.model_limit * 2.0 * size / max(models, 1))
    left = np.full(models, most, dtype=np.int64)
    generator = np.random.Generator(np.random.Philox(key=seed))
    uniform = generator.random((size, 3))
    share = 1.0 if policy.rule is Rule.RANDOM else policy.random_share
    pairs, slots = choose(
        covariance, gram, precision, quality, allowed.copy(), left, uniform, share
    )
    part, first, second = pairs.T
    gain, propensity, at_random = slots.T
    swap = uniform[: gain.size, 2] < 0.5
    left, right = np.where(swap, second, first), np.where(swap, first, second)
    return Batch(part, left, right, gain, propensity, at_random > 0.0)


def expecting(posterior: Posterior, first: IndexArray, second: IndexArray) -> Posterior:
    """What will be known once battles of these pairs (N) are judged, whatever their outcomes.

    Each counts as the Gaussian observation that teaches as much: covariances fall, means stay.
    """
    if not first.size:
        return posterior
    each = pair_precisions(posterior)[first, second]
    known, _ = inverse(posterior.covariance)
    known += laplacian(posterior.mean.size, first, second, each)
    return posterior.with_covariance(inverse(known)[0])
