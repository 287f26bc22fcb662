"""The advantage of the model that is shown first, and boards without it.

The first-shown model's performance is ``effect`` better than its skill says (Davidson and Beaver
1977, "On extending the Bradley-Terry model to incorporate within-pair order effects", Biometrics
33). The effect is told from within pairs that were shown both ways round: there it changes the
verdict and skills don't. Boards count verdicts whatever the side, so a board's skills hold the
effect as far as its pairs were not shown both ways equally often, and the first-order change of
the fit takes it out.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from ratings.battles import Battles
from ratings.compiled import FloatArray
from ratings.counts import CellCounts, PairCounts
from ratings.cut_gaussian import density
from ratings.expectation_propagation import pool
from ratings.gaussian import NORMAL_975
from ratings.hierarchical import HierarchicalPosterior
from ratings.model_fit import FEWEST_PEOPLE
from ratings.posterior import Posterior
from ratings.sandwich import satterthwaite

# In units of sqrt(2) beta: as large as an effect can be expected where nothing tells of it.
PLAUSIBLE = 0.3


class SideEffect(NamedTuple):
    """Skill units that being shown first is worth; ``sd``: clustered by participant.

    Both are NaN where nothing tells of it: no pair was shown both ways round, or nobody's verdicts
    differ. ``people``: those who judged such pairs. ``degrees_of_freedom``: of ``sd``.
    """

    effect: float
    sd: float
    people: int = 0
    degrees_of_freedom: float = math.inf

    @property
    def is_known(self) -> bool:
        """Whether there is an estimate."""
        return math.isfinite(self.sd)

    @property
    def interval_sd(self) -> float:
        """As wide as Student's t asks for: 1.96 of it are half a 95% interval."""
        return self.sd * float(stdtrit(self.degrees_of_freedom, 0.975)) / NORMAL_975

    @property
    def p(self) -> float:
        """Of so much or more where there is no effect; NaN with fewer than FEWEST_PEOPLE."""
        if not self.is_known or self.people < FEWEST_PEOPLE:
            return math.nan
        return 2.0 * float(stdtr(self.degrees_of_freedom, -abs(self.effect) / self.sd))


UNKNOWN = SideEffect(math.nan, math.nan)


def side_effect(posterior: Posterior, counts: PairCounts, judged: Battles) -> SideEffect:
    """The effect over all battles in ``judged``, of which ``posterior`` is a fit.

    Least squares of the net verdict (1 first, -1 second, 0 tie) within pairs on the side, weighted
    by how much a pair's verdict follows its difference of skills. Its variance is that of leaving
    out each participant, pairs' means among it (CR3, as in ``sandwich``). Unknown where it rests on
    a single participant.
    """
    _, slope, variance = _net(posterior, counts)
    weight = slope / variance
    pairs = counts.first.size
    net = judged.outcomes[:, 0] - judged.outcomes[:, 1]
    each = (judged.battles, judged.side * judged.battles, net, judged.side * net)
    whole = [judged.per_pair(amount, pairs) for amount in each]
    pull, information = _within(*whole)
    told = information > 1e-9
    # What a participant said of a pair, in one place.
    both, place = np.unique(judged.person * pairs + judged.pair, return_inverse=True)
    person, pair = both // pairs, both % pairs
    own = [np.bincount(place.reshape(-1), amount, both.size) for amount in each]
    without = _within(*(total[pair] - one for total, one in zip(whole, own, strict=True)))
    lost = np.bincount(person, weight[pair] * (pull[pair] - without[0]), judged.people)
    blind = np.bincount(
        person, (weight * slope)[pair] * (information[pair] - without[1]), judged.people
    )
    total = float((weight * slope * information).sum())
    tellers = np.bincount(person, told[pair], judged.people) > 0.0
    left = total - blind[tellers]
    if left.size < 2 or not (left > 1e-9 * total).all():
        return UNKNOWN
    effect = float((weight * pull).sum()) / total
    moves = effect - (effect * total - lost[tellers]) / left
    people = left.size
    squares, fourths = float((moves**2).sum()), float((moves**4).sum())
    sd = math.sqrt((people - 1.0) / people * squares)
    if sd <= 1e-9 * math.sqrt(posterior.prior.noise):
        return UNKNOWN
    # Moves of few people hardly say how unequal they are; what each knows says it without error.
    known = blind[tellers]
    alike = float(known.sum() ** 2 / (known**2).sum())
    freedom = satterthwaite(np.array([squares]), np.array([fourths]))
    return SideEffect(effect, sd, people, min(freedom, alike, people - 1.0))


def _within(
    battles: FloatArray, sides: FloatArray, nets: FloatArray, both: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sums over battles of (s - mean s) o and of (s - mean s)^2, from those of 1, s, o and s o."""
    count = np.maximum(battles, 1.0)
    return both - sides * nets / count, battles - sides * sides / count


def _net(posterior: Posterior, counts: PairCounts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Expected net verdict of each pair (P), its slope by the difference, and its variance."""
    mean, variance = counts.differences.marginals(posterior.mean, posterior.covariance)
    root = np.sqrt(variance + posterior.prior.noise)
    t, e = mean / root, posterior.draw_margin / root
    slope = (density(t - e) + density(t + e)) / root
    win, loss = ndtr(t - e), ndtr(-t - e)
    return win - loss, slope, np.maximum(win + loss - (win - loss) ** 2, 1e-6)


def imbalance(counts: PairCounts, judged: Battles, battles: FloatArray | None = None) -> FloatArray:
    """Share of each pair's battles (P) with its first model first, less that with it second.

    ``battles`` (P): all battles of each pair, where some are known as counts alone.
    """
    pairs = counts.first.size
    whole = judged.per_pair(judged.battles, pairs)
    if battles is not None:
        whole = np.maximum(whole, battles)
    net = judged.per_pair(judged.side * judged.battles, pairs)
    return np.divide(net, whole, out=np.zeros(pairs), where=whole > 0.0)


def exposure(posterior: Posterior, counts: PairCounts, net: FloatArray) -> FloatArray:
    """How far each skill (M) is moved by an effect of 1, with ``net`` (P) the imbalance."""
    fitted = posterior.fitted
    pulled = pool(counts.outcomes, fitted.sites[0]) * net
    size = len(counts.model_ids)
    at = np.bincount(counts.first, pulled, size) - np.bincount(counts.second, pulled, size)
    return np.asarray((fitted.covariance * at).sum(axis=1))


def without_side_effect(posterior: Posterior, exposed: FloatArray, effect: SideEffect) -> Posterior:
    """The posterior had both sides been shown equally often; its own where nothing is known.

    ``exposed`` (M): ``exposure``. What is not known of the effect is added to the covariance.
    """
    if not effect.is_known:
        return posterior
    return replace(
        posterior,
        mean=posterior.mean - effect.effect * exposed,
        covariance=posterior.covariance + effect.interval_sd**2 * np.outer(exposed, exposed),
        uncorrected=posterior.fitted,
    )


def is_one_sided(posterior: Posterior, exposed: FloatArray, effect: SideEffect) -> bool:
    """Whether a plausible effect would move some skill by its sd, and battles can't rule it out."""
    plausible = PLAUSIBLE * math.sqrt(posterior.prior.noise)
    if effect.is_known and NORMAL_975 * effect.interval_sd <= plausible:
        return False
    centred = exposed - float((posterior.reference * exposed).sum())
    return bool((np.abs(centred) * plausible > posterior.fitted.skill_sd).any())


def both_ways_share(counts: PairCounts, judged: Battles) -> float:
    """Share of battles whose pair was shown both ways round, 0 to 1; NaN without battles."""
    pairs = counts.first.size
    battles = judged.per_pair(judged.battles, pairs)
    net = judged.per_pair(judged.side * judged.battles, pairs)
    total = float(battles.sum())
    return float(battles[np.abs(net) < battles].sum()) / total if total > 0.0 else math.nan


def hierarchy_without_side_effect(
    posterior: HierarchicalPosterior, cells: CellCounts, net: FloatArray, effect: SideEffect
) -> HierarchicalPosterior:
    """The same of common skills and effects together; ``net`` (D): imbalance of each row's pair."""
    if not effect.is_known:
        return posterior
    rows = cells.differences
    pulled = pool(cells.outcomes, posterior.sites[0]) * net
    blocks = posterior.mean.shape[0]
    _, at, _ = rows.assemble(np.zeros(pulled.size), pulled, np.ones(blocks))
    exposed = (posterior.covariance * at).sum(axis=1)
    return replace(
        posterior,
        mean=posterior.mean - effect.effect * exposed.reshape(posterior.mean.shape),
        covariance=posterior.covariance + effect.interval_sd**2 * np.outer(exposed, exposed),
    )
