"""Do groups rank models alike? And do estimators?"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray
from ratings.linear_algebra import factor
from ratings.posterior import Posterior
from ratings.summary import DEFAULT_DRAWS, SEMIDEFINITE, Ranks, draw_ranks, model_blocks, predict

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
    ``rank_shift_if_agreed`` is the shift expected from the same uncertainty around one common
    ranking. ``p_largest``: share of draws in which what the axis' shift has beyond that exceeds
    all others'.
    """
    by_model, by_axis, largest = [], [], []
    generator = np.random.Generator(np.random.Philox(key=seed))
    for axis in sorted(axes):
        groups = [axes[axis][name] for name in sorted(axes[axis])]
        size = groups[0].mean.size
        common = np.zeros(size)
        for group in groups:
            common += group.skill / len(groups)
        ranks, agreed = [], []
        for group in groups:
            if group.model_ids != groups[0].model_ids:
                raise ValueError(f"the groups of {axis!r} must rate the same models")
            upper = factor(group.covariance, SEMIDEFINITE)
            normal = generator.standard_normal((draws, size))
            ranks.append(draw_ranks(group.skill, upper, normal))
            agreed.append(draw_ranks(common, upper, normal))
        shift, null = _shifts(ranks), _shifts(agreed)
        mean, low, high = _summary(shift)
        columns = dict(zip(SHIFT, (mean, low, high, null.mean(axis=0)), strict=True))
        models = pa.array(groups[0].model_ids, pa.string())
        by_model.append(pa.table({"axis": pa.repeat(axis, size), "model_id": models, **columns}))
        over_models = shift.mean(axis=1)
        # Less what uncertainty alone would give: few battles must not pass for disagreement.
        largest.append(over_models - null.mean())
        by_axis.append((axis, *_summary(over_models), float(null.mean())))
    if not by_axis:
        return pa.table({}), pa.table({})
    first = np.argmax(np.stack(largest), axis=0)
    p_largest = np.bincount(first, minlength=len(by_axis)) / draws
    of_axes = dict(zip(("axis", *SHIFT), map(list, zip(*by_axis, strict=True)), strict=True))
    return pa.concat_tables(by_model), pa.table(of_axes | {"p_largest": p_largest})


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
