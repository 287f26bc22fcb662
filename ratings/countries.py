"""One model over all countries of a dimension: each borrows from the others what they share.

Skill of model i in a cell of country k = theta_i + v[k, i] + sum over axes of u[k, axis, group, i],
v ~ N(0, tau_country^2), u ~ N(0, tau_axis^2). To ``fit_hierarchical`` a country is one more axis.
Groups belong to their country: no effect is shared. How far apart groups are is: an axis that
several countries have has one tau, for a country with few battles tells little about its own, and
its estimate often falls to zero and its intervals with it.

The countries' tau has an interval that holds where its likelihood is lopsided or ends at zero: all
tau whose twice the log-evidence, the other tau fitted anew, is within 3.84 of the best (profile
likelihood: Venzon and Moolgavkar 1988, Applied Statistics 37).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import CellCounts
from ratings.gaussian import NORMAL_975
from ratings.hierarchical import (
    LEAST_CURVATURE,
    TAU_CAP,
    TAU_FLOOR,
    HierarchicalPosterior,
    fit_hierarchical,
)
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior
from ratings.skewness import corrected_hierarchy

COUNTRY = "country"
# Census share of every (axis, group) of a country.
Census = Mapping[tuple[str, str], float]


def join_countries(parts: Mapping[str, CellCounts]) -> CellCounts:
    """The counts of several countries as one, over the models of any; rows sorted by country.

    Axes: COUNTRY, then the countries' own; a group of an axis is named `country/group`. Raises
    ValueError without countries and where an axis is named as the countries are.
    """
    if not parts or any(COUNTRY in part.axes for part in parts.values()):
        raise ValueError(f"countries to join, and no axis named {COUNTRY!r} in them")
    names = sorted(parts)
    models = tuple(sorted({model for part in parts.values() for model in part.model_ids}))
    own = tuple(dict.fromkeys(axis for name in names for axis in parts[name].axes))
    effects = [(COUNTRY, name) for name in names] + [
        (axis, f"{name}/{group}")
        for axis in own
        for name in names
        for known, group in parts[name].effects
        if known == axis
    ]
    place = {effect: k for k, effect in enumerate(effects)}
    levels, cells, first, second = [], [], [], []
    cell_count = 0
    for name in names:
        part = parts[name]
        number = np.array([place[axis, f"{name}/{group}"] for axis, group in part.effects] + [-1])
        level = np.full((part.cell_effects.shape[0], 1 + len(own)), -1, dtype=np.int64)
        level[:, 0] = place[COUNTRY, name]
        columns = [1 + own.index(axis) for axis in part.axes]
        level[:, columns] = number[part.cell_effects]
        model = _indices(models, part.model_ids)
        levels.append(level)
        cells.append(part.cell + cell_count)
        first.append(model[part.first])
        second.append(model[part.second])
        cell_count += level.shape[0]
    return CellCounts(
        model_ids=models,
        axes=(COUNTRY, *own),
        effects=tuple(effects),
        cell_effects=np.concatenate(levels),
        cell=np.concatenate(cells),
        first=np.concatenate(first),
        second=np.concatenate(second),
        outcomes=np.concatenate([parts[name].outcomes for name in names]),
    )


def joint_weights(census: Mapping[str, Census], countries: Mapping[str, float]) -> Census:
    """What each effect of ``join_countries`` counts for among countries with these shares."""
    weights = {(COUNTRY, name): share for name, share in countries.items()}
    for name, share in countries.items():
        for (axis, group), of_country in census[name].items():
            weights[axis, f"{name}/{group}"] = share * of_country
    return weights


@dataclass(frozen=True, eq=False)
class CountriesPosterior:
    """The joint posterior of the countries in ``parts``, whose counts they are.

    ``tau_country``: sd of what countries add to a model's skill, with the ends of its 95% profile
    interval, skill units. Two countries have one difference per model to tell it from, and effects
    of groups explain part of that, so the interval is wide; boards don't hang on it as much: what
    is not taken for the country is taken for its groups. ``fitted``: ``joint`` before it was
    corrected for skewness; its sites belong to it.
    """

    parts: dict[str, CellCounts]
    joint: HierarchicalPosterior
    tau_country: tuple[float, float, float]
    fitted: HierarchicalPosterior

    def population(self, census: Mapping[str, Census], countries: Mapping[str, float]) -> Posterior:
        """Skills of several countries together: their census skills times ``countries`` shares.

        Linear in the joint posterior, so that what countries share is not taken for independent.
        Over all models; one that a country never compared has the prior's spread there.
        """
        return self.joint.board(joint_weights(census, countries))

    def country(self, name: str) -> HierarchicalPosterior:
        """One country, over the models it compared: theta + v in the place of common skills.

        Effects and tau are those of its own axes; sites and evidence are not its own, and left out.
        """
        part, joint = self.parts[name], self.joint
        kept = _indices(joint.model_ids, part.model_ids)
        place = {effect: k for k, effect in enumerate(joint.effects, start=1)}
        named = [(axis, f"{name}/{group}") for axis, group in part.effects]
        blocks = np.array([0, place[COUNTRY, name], *(place[effect] for effect in named)])
        mean = joint.mean[np.ix_(blocks, kept)]
        size, count = len(joint.model_ids), joint.mean.shape[0]
        whole = joint.covariance.reshape(count, size, count, size)
        spread = whole[np.ix_(blocks, kept, blocks, kept)]
        mean[0] += mean[1]
        spread[0] += spread[1]
        spread[:, :, 0] += spread[:, :, 1]
        mean = np.delete(mean, 1, axis=0)
        spread = np.delete(np.delete(spread, 1, axis=0), 1, axis=2)
        axes = np.array([joint.axes.index(axis) for axis in part.axes])
        return replace(
            joint,
            model_ids=part.model_ids,
            axes=part.axes,
            effects=part.effects,
            mean=mean,
            covariance=np.ascontiguousarray(spread.reshape(mean.size, mean.size)),
            tau=joint.tau[axes],
            log_tau_curvature=_marginal(joint.log_tau_curvature, axes),
            battles_per_effect=part.battles_per_effect,
            battles_per_model=part.pooled.battles_per_model,
            log_evidence=float("nan"),
            sites=np.empty((2, 0, 3)),
            draw_margin=joint.draw_margin * math.exp(joint.log_habit[place[COUNTRY, name] - 1]),
            log_habit=joint.log_habit[[place[effect] - 1 for effect in named]],
        )


def fit_countries(
    parts: Mapping[str, CellCounts], prior: Prior = TRUESKILL_PRIOR
) -> CountriesPosterior:
    """Joint posterior of two or more countries' counts, all tau and the draw margin estimated.

    Countries and their groups have habits of ties of their own. Raises ValueError as
    ``join_countries`` does, and for a single country, of which theta and v cannot be told apart.
    """
    if len(parts) < 2:
        raise ValueError("one country alone has no country effect")
    counts = join_countries(parts)
    joint = fit_hierarchical(counts, prior=prior)
    low, high = profile_interval(counts, joint, COUNTRY)
    corrected = corrected_hierarchy(joint, counts)
    return CountriesPosterior(dict(parts), corrected, (float(joint.tau[0]), low, high), joint)


def _indices(names: tuple[str, ...], some: tuple[str, ...]) -> IndexArray:
    place = {name: k for k, name in enumerate(names)}
    return np.array([place[name] for name in some], dtype=np.int64)


def _marginal(curvature: FloatArray, kept: IndexArray) -> FloatArray:
    # Information about some log tau when the others are not known: the Schur complement.
    others = np.setdiff1d(np.flatnonzero(np.diag(curvature) > LEAST_CURVATURE), kept)
    cross = curvature[np.ix_(kept, others)]
    inner = curvature[np.ix_(others, others)]
    known: FloatArray = curvature[np.ix_(kept, kept)] - cross @ np.linalg.solve(inner, cross.T)
    return known


# Of an end in skill units, and of 1.96 there.
TOLERANCE = 5e-3
# The evidence does not change to first order where sites have not settled.
SITES = 1e-4
FIRST_STEP = 0.25


def profile_interval(
    counts: CellCounts, best: HierarchicalPosterior, axis: str
) -> tuple[float, float]:
    """Ends of the 95% profile interval of an axis' tau, skill units.

    ``best``: the fit of ``counts`` with every tau estimated; its draw margin is held. The lower end
    is 0 where the least tau tried is inside, the upper one infinite where the largest is.
    """
    place = counts.axes.index(axis)
    tau = float(best.tau[place])

    def excess(at: float) -> float:
        # Signed root of twice the fall of the evidence, less 1.96: zero at an end. Nearly straight
        # where the likelihood is nearly normal, so that secants find its zero.
        held = np.full(len(best.axes), np.nan)
        held[place] = at
        there = fit_hierarchical(
            counts, tau=held, draw_margin=best.draw_margin, prior=best.prior, warm_start=best,
            tolerance=SITES,
        )  # fmt: skip
        fall = best.log_evidence - there.log_evidence
        return math.sqrt(max(2.0 * fall, 0.0)) - NORMAL_975

    low = 0.0
    if tau > TAU_FLOOR * 1.01:
        at_floor = excess(TAU_FLOOR)
        if at_floor > 0.0:
            low = _zero(excess, tau, -NORMAL_975, TAU_FLOOR, at_floor)
    inside, there, step = tau, -NORMAL_975, FIRST_STEP
    while inside < TAU_CAP:
        outside = min(inside + step, TAU_CAP)
        beyond = excess(outside)
        if beyond > 0.0:
            return low, _zero(excess, inside, there, outside, beyond)
        inside, there, step = outside, beyond, 2.0 * step
    return low, math.inf


def _zero(
    excess: Callable[[float], float], inside: float, at_inside: float, outside: float, beyond: float
) -> float:
    # Illinois: false position that halves the value of an end that stays (Dowell, Jarratt 1971).
    stayed = 0.0
    while abs(outside - inside) > TOLERANCE:
        between = (inside * beyond - outside * at_inside) / (beyond - at_inside)
        value = excess(between)
        if abs(value) < TOLERANCE:
            return between
        if value > 0.0:
            outside, beyond = between, value
            at_inside *= 0.5 if stayed > 0.0 else 1.0
        else:
            inside, at_inside = between, value
            beyond *= 0.5 if stayed < 0.0 else 1.0
        stayed = value
    return 0.5 * (inside + outside)
