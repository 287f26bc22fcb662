"""Do groups rank models alike? And do estimators?"""

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray
from ratings.linear_algebra import factor
from ratings.posterior import Posterior
from ratings.summary import DEFAULT_DRAWS, SEMIDEFINITE, Ranks, draw_ranks, model_blocks, predict

# The root of two: of a draw around a mean that is itself as uncertain.
DOUBLED = math.sqrt(2.0)
# Of a mean shift of ranks that does not vary, so that it can still be divided by.
LEAST_SD = 1e-6
SHIFT = ("rank_shift", "rank_shift_lo", "rank_shift_hi", "rank_shift_if_agreed")


def _shifts(ranks: list[Ranks]) -> FloatArray:
    # (draws, M): mean absolute difference of ranks over all pairs of groups.
    apart = [np.abs(one - other) for one, other in combinations(ranks, 2)]
    return sum(apart, start=np.zeros(ranks[0].shape)) / max(len(apart), 1)


def rank_shifts(
    axes: Mapping[str, Mapping[str, Posterior]], seed: int, draws: int = DEFAULT_DRAWS
) -> tuple[pa.Table, pa.Table]:
    """One row per axis and model, and one per axis; at least one axis.

    ``axes``: for every axis the posterior of each of its groups, all over the same models. A
    model's rank shift on an axis is the mean absolute difference of its ranks over all pairs of the
    axis' groups; an axis' is the mean over models. Both are posterior means with 95% intervals from
    ``draws`` joint draws keyed by ``seed``. Uncertain ranks differ even where groups agree:
    ``rank_shift_if_agreed`` is the shift expected then. A group's mean is off the common ranking by
    its uncertainty, and a draw is off the mean by as much again, so a draw of groups that agree has
    twice the covariance around the common ranking. ``p_largest``: share of draws in which the axis'
    shift exceeds that by most, in units of how much it varies where groups agree; where no axis
    differs from another in that, each is the largest in the same share.
    """
    by_model, by_axis, largest = [], [], []
    generator = np.random.Generator(np.random.Philox(key=seed))
    for axis in sorted(axes):
        groups = [axes[axis][name] for name in sorted(axes[axis])]
        size = groups[0].mean.size
        common = _common(groups)
        ranks, agreed = [], []
        for group in groups:
            if group.model_ids != groups[0].model_ids:
                raise ValueError(f"the groups of {axis!r} must rate the same models")
            upper = factor(group.covariance, SEMIDEFINITE)
            normal = generator.standard_normal((draws, size))
            ranks.append(draw_ranks(group.skill, upper, normal))
            agreed.append(draw_ranks(common, DOUBLED * upper, normal))
        shift, null = _shifts(ranks), _shifts(agreed)
        mean, low, high = _summary(shift)
        columns = dict(zip(SHIFT, (mean, low, high, null.mean(axis=0)), strict=True))
        models = pa.array(groups[0].model_ids, pa.string())
        by_model.append(pa.table({"axis": pa.repeat(axis, size), "model_id": models, **columns}))
        over_models = shift.mean(axis=1)
        # In units of what uncertainty alone would give: few battles must not pass for disagreement,
        # nor must a small group, whose shifts vary most.
        largest.append(_standardised(over_models, null.mean(axis=1)))
        by_axis.append((axis, *_summary(over_models), float(null.mean())))
    if not by_axis:
        return pa.table({}), pa.table({})
    first = np.argmax(np.stack(largest), axis=0)
    p_largest = np.bincount(first, minlength=len(by_axis)) / draws
    of_axes = dict(zip(("axis", *SHIFT), map(list, zip(*by_axis, strict=True)), strict=True))
    return pa.concat_tables(by_model), pa.table(of_axes | {"p_largest": p_largest})


def _common(groups: list[Posterior]) -> FloatArray:
    # The best guess (M) of what groups that agree say: each by its precision, so that what one
    # group of few says does not pass for the ranking.
    variance = np.array([float((group.skill_sd**2).sum()) for group in groups])
    if not variance.min() > 0.0:
        variance = np.ones(len(groups))
    share = (1.0 / variance) / (1.0 / variance).sum()
    common = np.zeros(groups[0].mean.size)
    for group, part in zip(groups, share, strict=True):
        common += part * group.skill
    return common


def _standardised(shift: FloatArray, null: FloatArray) -> FloatArray:
    # Where all is certain, as of groups without uncertainty, what is in excess decides.
    sd = float(null.std())
    excess: FloatArray = shift - null.mean()
    return excess / max(sd, LEAST_SD)


def _summary(draws: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return draws.mean(axis=0), low, high


def kendall_tau(a: FloatArray, b: FloatArray) -> float:
    """Kendall's tau-b between two score vectors (M); NaN where either is constant."""
    sign_a = np.sign(a[:, None] - a[None, :])
    sign_b = np.sign(b[:, None] - b[None, :])
    scale = float(np.sqrt((sign_a**2).sum() * (sign_b**2).sum()))
    return float((sign_a * sign_b).sum()) / scale if scale > 0 else float("nan")


def separation(posterior: Posterior) -> float:
    """How decided a board is: mean over pairs of |2 P(a better than b) - 1|; 0 unknown, 1 certain.

    A dimension's decisiveness is one minus its share of ties; this is what that amounts to.
    """
    size = posterior.mean.size
    if size < 2:
        return 0.0
    total = sum(
        float(np.abs(2.0 * predict(posterior, rows).better - 1.0).sum())
        for rows in model_blocks(size)
    )
    return total / (size * (size - 1))
