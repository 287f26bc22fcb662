"""How far apart the groups of an axis are, and whether that can be chance, by people not verdicts.

Every rater has a score: what their verdicts say against a model in which the axis makes no
difference (the fit's sites held, other axes taken into account). The scores of a group's raters
add up to S. Under the model S ~ N(0, V + tau^2 J J), with J the information that the verdicts hold
of the groups' effects, and V what chance gives: J times the group's design effect, as one person's
verdicts are alike. tau has the interval of that likelihood (profile: Venzon and Moolgavkar 1988,
Applied Statistics 37), which holds 0 where 0 is likely enough.

Whether groups differ is asked of permutations: raters change groups among themselves, and keep what
they said. The statistic is the sum over groups and models of squared scores over the sum of their
raters' squares, so that a group of heavy raters does not pass for one that differs (Chung and
Romano 2013, Annals of Statistics 41). Other axes are held, as in Freedman and Lane (1983, Journal
of Business and Economic Statistics 1).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import CellCounts
from ratings.gaussian import NORMAL_975
from ratings.hierarchical import TAU_CAP
from ratings.hierarchical_sandwich import CellPeople
from ratings.linear_algebra import inverse, product
from ratings.posterior import Prior

# Permutations for every so many axes that are corrected for together: the smallest p times the axes
# is then the level.
PERMUTATIONS, AXES_EACH = 199, 10
# So many as large tell that a p is not small (Besag and Clifford 1991, Biometrika 78).
ENOUGH = 20
# The level of "groups differ", after correction.
LEVEL = 0.05
# An eigenvalue less than this share of the largest is none.
NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class AxisScores:
    """What raters say of an axis: scores of E groups against no difference, and likelihood of tau.

    ``score`` (K): in the K directions that hold information, in units of chance; ``reach`` (K): so
    that its variance is 1 + tau^2 reach. ``entry_starts`` (R + 1), ``model``, ``value``: every
    rater's scores by model; ``group`` (R): the rater's, -1 where unknown. ``design_effect`` (E).
    """

    score: FloatArray
    reach: FloatArray
    design_effect: FloatArray
    entry_starts: IndexArray
    model: IndexArray
    value: FloatArray
    group: IndexArray

    def log_likelihood(self, tau: float) -> float:
        """Of tau, less that of 0."""
        variance = 1.0 + tau * tau * self.reach
        fall = self.score**2 * (1.0 - 1.0 / variance)
        return 0.5 * float((fall - np.log(variance)).sum())


def axis_scores(
    cells: CellCounts,
    sites: FloatArray,
    tau: FloatArray,
    prior: Prior,
    axis: int,
    people: CellPeople | None,
) -> AxisScores:
    """Scores of the groups of ``cells.axes[axis]``.

    ``sites`` (2, D, 3): of the fit of ``cells``; ``tau`` (A): the fit's. Without ``people``
    verdicts are taken as independent, and nobody has a score.
    """
    size, rows = len(cells.model_ids), cells.differences
    groups = np.flatnonzero(cells.axis_of_effect == axis)
    blocks = rows.blocks.copy()
    blocks[:, 1 + axis] = -1
    precision = np.repeat([prior.sd**-2, *tau[cells.axis_of_effect] ** -2.0], size)
    information, pull = _information(cells, sites, np.ones(cells.cell.size))
    own = (size * (1 + groups)[:, None] + np.arange(size)).reshape(-1)
    others = np.setdiff1d(np.arange(precision.size), own)
    between = information[np.ix_(own, others)]
    inner = information[np.ix_(others, others)]
    inner[np.diag_indices(others.size)] += precision[others]
    known = inverse(inner)[0]
    mean = np.zeros(precision.size)
    mean[others] = (known * pull[others]).sum(axis=1)
    score = pull[own] - (between * mean[others]).sum(axis=1)
    # What others leave of a score of all effects.
    left = np.zeros((own.size, precision.size))
    left[:, own], left[:, others] = np.eye(own.size), -product(between, known)
    efficient = product(left, information[:, own])
    differences = replace(rows, blocks=blocks).along(mean[:, None])[:, 0]
    held = np.diag(information)[own].reshape(groups.size, size)
    effect = np.ones(groups.size)
    nobody = np.empty(0, dtype=np.int64)
    starts, model, value, member = np.zeros(1, dtype=np.int64), nobody, np.empty(0), nobody
    if people is not None:
        starts, model, value, told = _rater_scores(people, sites, differences)
        member = _groups_of_people(people, axis, groups)
        effect = _design_effects(starts, model, value, told, member, held)
    # Chance is alike but for a group's design effect: what its verdicts say, and others' priors.
    of_row = np.append(effect, 1.0)[_places(groups, cells)[cells.cell_effects[cells.cell, axis]]]
    told_twice, _ = _information(cells, sites, of_row)
    told_twice[others, others] += precision[others]
    chance = product(product(left, told_twice), left.T)
    return AxisScores(*_directions(score, chance, efficient), effect, starts, model, value, member)


def _places(groups: IndexArray, cells: CellCounts) -> IndexArray:
    # From an effect, or -1, to its place among the groups of an axis, or -1.
    place = np.full(len(cells.effects) + 1, -1, dtype=np.int64)
    place[groups] = np.arange(groups.size)
    return place


def _information(
    cells: CellCounts, sites: FloatArray, of_row: FloatArray
) -> tuple[FloatArray, FloatArray]:
    # Of all effects (B * M, B * M), each row times ``of_row`` (D), and pull (B * M); no prior.
    precision = (cells.outcomes * sites[0]).sum(axis=1) * of_row
    shift = (cells.outcomes * sites[1]).sum(axis=1)
    blocks = 1 + len(cells.effects)
    upper, pull, stiffness = cells.differences.assemble(precision, shift, np.zeros(blocks))
    size = len(cells.model_ids)
    whole = np.triu(upper) + np.triu(upper, 1).T
    for b in range(blocks):
        place = slice(b * size, (b + 1) * size)
        whole[place, place] -= stiffness[b]
    return whole, pull


def _directions(
    score: FloatArray, chance: FloatArray, signal: FloatArray
) -> tuple[FloatArray, FloatArray]:
    # Of score ~ N(0, chance + tau^2 signal signal'): independent directions of chance's own unit.
    value, vector = np.linalg.eigh(0.5 * (chance + chance.T))
    kept = value > NOTHING * value.max(initial=0.0)
    if not kept.any():
        return np.empty(0), np.empty(0)
    whiten = vector[:, kept] / np.sqrt(value[kept])
    seen = product(whiten.T, signal)
    reach, turn = np.linalg.eigh(product(seen, seen.T))
    scores: FloatArray = product(turn.T, product(whiten.T, score[:, None]))[:, 0]
    return scores, np.maximum(reach, 0.0)


def _rater_scores(
    people: CellPeople, sites: FloatArray, differences: FloatArray
) -> tuple[IndexArray, IndexArray, FloatArray, FloatArray]:
    # Per rater and model: starts (R + 1), model, score and information.
    cells, row = people.cells, people.row
    precision, shift = sites[:, row]
    told = (people.outcomes * precision).sum(axis=1)
    score = (people.outcomes * (shift - precision * differences[row, None])).sum(axis=1)
    size = len(cells.model_ids)
    person = np.repeat(np.arange(people.participant_count), np.diff(people.starts))
    place = np.concatenate((person * size + cells.first[row], person * size + cells.second[row]))
    keys, entry = np.unique(place, return_inverse=True)
    value = _sums(entry.reshape(-1), np.concatenate((score, -score)), keys.size)
    known = _sums(entry.reshape(-1), np.concatenate((told, told)), keys.size)
    owner, model = np.divmod(keys, size)
    starts = np.searchsorted(owner, np.arange(people.participant_count + 1))
    return starts.astype(np.int64), model, value, known


def _groups_of_people(people: CellPeople, axis: int, groups: IndexArray) -> IndexArray:
    cells = people.cells
    effect = cells.cell_effects[cells.cell[people.row[people.starts[:-1]]], axis]
    number: IndexArray = _places(groups, cells)[effect]
    return number


def _sums(place: IndexArray, amount: FloatArray, size: int) -> FloatArray:
    # Without amounts bincount counts in integers; numpy's types know only that.
    return np.bincount(place, weights=amount, minlength=size).astype(np.float64, copy=False)


def _design_effects(
    starts: IndexArray,
    model: IndexArray,
    value: FloatArray,
    told: FloatArray,
    group: IndexArray,
    held: FloatArray,
) -> FloatArray:
    # Per group, the sum over raters of squared scores, less what their group has in common, over
    # that of independent verdicts; a rater's is short by their share (CR2).
    groups, size = held.shape
    whose = np.repeat(group, np.diff(starts))
    here = whose >= 0
    place = whose[here] * size + model[here]
    total = _sums(place, value[here], groups * size)
    share = told[here] / np.maximum(held.ravel()[place], np.finfo(float).tiny)
    alone = share > 1.0 - 1e-6
    rest = value[here] - share * total[place]
    square = np.where(alone, 0.0, rest * rest / np.where(alone, 1.0, 1.0 - share))
    seen = _sums(place[~alone] // size, square[~alone], groups)
    known = _sums(place[~alone] // size, told[here][~alone], groups)
    ratio = np.divide(seen, known, out=np.ones(groups), where=known > 0.0)
    # Of a group that nobody shares a model in, nothing is known: as the worst of the others.
    worst = float(ratio.max(initial=1.0))
    effect: FloatArray = np.maximum(np.where(known > 0.0, ratio, worst), 1.0)
    return effect


def tau_interval(scores: Sequence[AxisScores]) -> tuple[float, float, float]:
    """tau that is most likely given all ``scores``, and the ends of its 95% interval, skill units.

    The lower end is 0 where 0 is inside, the upper one infinite where TAU_CAP is.
    """

    def log_likelihood(tau: float) -> float:
        return sum(one.log_likelihood(tau) for one in scores)

    # Several hills are rare; the highest of a grid is on the right one.
    grid = np.concatenate(([0.0], np.geomspace(1e-3, TAU_CAP, 60)))
    best = int(np.argmax([log_likelihood(tau) for tau in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda tau: -log_likelihood(tau), bounds=(low, high), method="bounded",
        options={"xatol": 1e-7},
    )  # fmt: skip
    tau = float(found.x) if -found.fun > max(log_likelihood(grid[best]), 0.0) else float(grid[best])
    top = log_likelihood(tau)

    def is_inside(at: float) -> bool:
        return 2.0 * (top - log_likelihood(at)) <= NORMAL_975**2

    low = 0.0 if is_inside(0.0) else _end(is_inside, tau, 0.0)
    high = math.inf if is_inside(TAU_CAP) else _end(is_inside, tau, TAU_CAP)
    return tau, low, high


def _end(is_inside: Callable[[float], bool], inside: float, outside: float) -> float:
    while abs(outside - inside) > 1e-7:
        between = 0.5 * (inside + outside)
        if is_inside(between):
            inside = between
        else:
            outside = between
    return inside


@compiled
def _statistic(
    starts: IndexArray,
    model: IndexArray,
    value: FloatArray,
    group: IndexArray,
    total: FloatArray,
    square: FloatArray,
) -> float:
    total[:] = 0.0
    square[:] = 0.0
    for r in range(group.size):
        g = group[r]
        for k in range(starts[r], starts[r + 1]):
            total[g, model[k]] += value[k]
            square[g, model[k]] += value[k] * value[k]
    out = 0.0
    for g in range(total.shape[0]):
        for m in range(total.shape[1]):
            if square[g, m] > 0.0:
                out += total[g, m] * total[g, m] / square[g, m]
    return out


def permutations_for(axes: int) -> int:
    """How many permutations tell a corrected p below LEVEL from chance, over so many axes."""
    return (PERMUTATIONS + 1) * max(math.ceil(axes / AXES_EACH), 1) - 1


def p_permutation(scores: AxisScores, models: int, seed: int, draws: int) -> float:
    """Share of permutations of raters, the real one among them, with a statistic as large.

    ``models``: M; ``seed``: of the permutations; ``draws``: the most of them, fewer where ENOUGH
    are as large. NaN where fewer than two groups have raters.
    """
    kept = np.flatnonzero(scores.group >= 0)
    group = scores.group[kept]
    if np.unique(group).size < 2:
        return math.nan
    begins, ends = scores.entry_starts[kept], scores.entry_starts[kept + 1]
    starts = np.concatenate(([0], np.cumsum(ends - begins))).astype(np.int64)
    entry = np.repeat(begins - starts[:-1], ends - begins) + np.arange(starts[-1])
    model, value = scores.model[entry], scores.value[entry]
    total, square = np.zeros((group.max() + 1, models)), np.zeros((group.max() + 1, models))
    seen = _statistic(starts, model, value, group, total, square)
    generator = np.random.Generator(np.random.Philox(key=seed))
    as_large = 0
    for draw in range(1, draws + 1):
        drawn = _statistic(starts, model, value, generator.permutation(group), total, square)
        # What is equal but for rounding is as large.
        as_large += drawn >= seen * (1.0 - 1e-12)
        if as_large == ENOUGH:
            return as_large / draw
    return (as_large + 1) / (draws + 1)


def holm(p: Sequence[float]) -> list[float]:
    """Each p corrected for all of them (Holm 1979, Scandinavian Journal of Statistics 6).

    NaN where p is, and those are not among the comparisons.
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    steps = values[order] * np.arange(order.size, 0, -1)
    out = np.full(values.size, np.nan)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out.tolist()
