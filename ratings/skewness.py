"""Posteriors that are not quite Gaussian: the mean and covariance that skewness leads to.

Where a model loses every battle, what is known of it has a long tail, and the Gaussian of
expectation propagation is too narrow. A site's copies match the Gaussian in mean and variance; from
the third cumulant on they differ. The first terms of a series around the Gaussian say by how much
(Opper, Paquet, Winther 2013, "Perturbative corrections for approximate inference in Gaussian
latent variable models", JMLR 14). Where nothing is skewed the posterior stays as it is.

Rows (D) are differences of two models' skills in a cell, a cell being a sum of blocks of effects as
in ``linear_algebra``.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import CellCounts, PairCounts
from ratings.expectation_propagation import FIRST_WINS, TIE
from ratings.gaussian import draw_cumulants, win_cumulants
from ratings.hierarchical import HierarchicalPosterior
from ratings.linear_algebra import factor, marginals, one_block, solve_factored
from ratings.posterior import Posterior

# Columns of ``row_cumulants``.
THIRD, FOURTH, THIRD_TWICE, THIRD_THRICE, THIRD_AND_FOURTH = range(5)


@compiled
def row_cumulants(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    margin: float,
    noise: float,
    precision: FloatArray,
    shift: FloatArray,
) -> FloatArray:
    """Per row (D, 5) the sums over copies of k3, k4, k3^2, k3^3 and k3 k4.

    k3, k4: third and fourth cumulant of the row's difference under cavity times one copy, over the
    variance to the power of three and four. ``mean``, ``variance`` (D): marginals; ``counts``,
    ``precision``, ``shift`` (D, 3): as in ``sites.sweep``. Products are of a copy with itself, of
    which a count below one has no more than its square.
    """
    out = np.zeros((mean.size, 5))
    for d in range(mean.size):
        for outcome in range(3):
            count = counts[d, outcome]
            if count <= 0.0:
                continue
            copy = min(count, 1.0)
            cavity = 1.0 / (1.0 / variance[d] - copy * precision[d, outcome])
            centre = cavity * (mean[d] / variance[d] - copy * shift[d, outcome])
            root = math.sqrt(cavity + noise)
            if outcome == TIE:
                third, fourth = draw_cumulants(centre / root, margin / root)
            elif outcome == FIRST_WINS:
                third, fourth = win_cumulants((centre - margin) / root)
            else:
                third, fourth = win_cumulants((-centre - margin) / root)
                third = -third
            scale = cavity / (root * variance[d])
            third *= scale**3
            fourth *= scale**4
            out[d, THIRD] += count * third
            out[d, FOURTH] += count * fourth
            out[d, THIRD_TWICE] += copy * count * third * third
            out[d, THIRD_THRICE] += copy * count * third * third * third
            out[d, THIRD_AND_FOURTH] += copy * count * third * fourth
    return out


@compiled
def levels_of(size: int, blocks: IndexArray, vectors: FloatArray) -> FloatArray:
    """Skills in every cell (C, size, F) for F vectors of all effects (B * size, F)."""
    out = np.zeros((blocks.shape[0], size, vectors.shape[1]))
    for c in range(blocks.shape[0]):
        for block in blocks[c]:
            if block >= 0:
                out[c] += vectors[block * size : (block + 1) * size]
    return out


@compiled
def along_rows(
    level: FloatArray, cell: IndexArray, first: IndexArray, second: IndexArray
) -> FloatArray:
    """Difference of every row (D, F) in each of F vectors, whose ``levels_of`` are given."""
    out = np.empty((cell.size, level.shape[2]))
    for d in range(cell.size):
        out[d] = level[cell[d], first[d]] - level[cell[d], second[d]]
    return out


@compiled
def third_cumulants(
    level: FloatArray, cell: IndexArray, first: IndexArray, second: IndexArray, third: FloatArray
) -> FloatArray:
    """Of F functionals, to first order (F): the sum over rows of k3 cov(f, d)^3.

    ``level``: ``levels_of`` their covariances with all effects; ``third`` (D): k3 of rows.
    """
    out = np.zeros(level.shape[2])
    for d in range(cell.size):
        above = level[cell[d], first[d]]
        below = level[cell[d], second[d]]
        for f in range(out.size):
            c = above[f] - below[f]
            out[f] += third[d] * c * c * c
    return out


@compiled
def covariance_change(
    loadings: FloatArray, between: FloatArray, cumulants: FloatArray
) -> FloatArray:
    """1/2 sum over pairs of distinct copies of k3 k3' cov(d, d')^2 cov(f, d) cov(g, d'), (F, F).

    ``loadings`` (D, F): covariance of each row's difference with each functional; ``between``
    (D, D): of rows with each other. Opper, Paquet, Winther 2013.
    """
    rows, functionals = loadings.shape
    carried = np.empty(functionals)
    out = np.zeros((functionals, functionals))
    for k in range(rows):
        carried[:] = 0.0
        for m in range(rows):
            c = between[k, m]
            weight = 0.5 * cumulants[k, THIRD] * cumulants[m, THIRD] * c * c
            if k == m:
                weight -= 0.5 * cumulants[k, THIRD_TWICE] * c * c
            for f in range(functionals):
                carried[f] += weight * loadings[m, f]
        for f in range(functionals):
            weight = loadings[k, f]
            for g in range(functionals):
                out[f, g] += weight * carried[g]
    return 0.5 * (out + out.T)


@compiled
def pull_of_rows(
    between: FloatArray, cumulants: FloatArray, variance_change: FloatArray
) -> FloatArray:
    """How hard each row (D) pulls: a mean moves by the sum over rows of cov(f, d) times it.

    What a copy's third cumulant makes of the other copies' change of its variance, and its fourth
    of their third: 1/2 k3 dv + 1/6 k4 sum k3' cov^3, over distinct copies. ``variance_change`` (D):
    of rows, by all copies.
    """
    out = np.empty(cumulants.shape[0])
    for k in range(out.size):
        third, fourth, twice, thrice, mixed = cumulants[k]
        v = between[k, k]
        skew = 0.0
        for m in range(out.size):
            skew += cumulants[m, THIRD] * between[k, m] ** 3
        out[k] = 0.5 * (third * variance_change[k] - v * (twice * skew - thrice * v**3))
        out[k] += (fourth * skew - mixed * v**3) / 6.0
    return out


# Skewness of a centred skill up to which its board is left alone: the variance is then about
# skewness^2 / 2 short, half a per cent.
TOLERATED = 0.1
# Rows whose share of any skill's skewness is less than this together are left out.
NEGLIGIBLE = 5e-3
HALVINGS = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """D differences between two of ``size`` models in a cell; arrays as in ``along_rows``."""

    size: int
    blocks: IndexArray
    cell: IndexArray
    first: IndexArray
    second: IndexArray

    def levels(self, vectors: FloatArray) -> FloatArray:
        """Skills in every cell (C, M, F) for vectors of all effects (B * M, F)."""
        return levels_of(self.size, self.blocks, np.ascontiguousarray(vectors))

    def along(self, vectors: FloatArray) -> FloatArray:
        """Difference of every row in each vector (B * M, F): (D, F)."""
        return along_rows(self.levels(vectors), self.cell, self.first, self.second)

    def marginals(self, mean: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of every row's difference (D), (D)."""
        centre, variance = np.zeros(self.cell.size), np.zeros(self.cell.size)
        marginals(
            self.size, self.blocks, self.cell, self.first, self.second, mean, covariance,
            centre, variance,
        )  # fmt: skip
        return centre, variance

    def take(self, kept: IndexArray) -> "Rows":
        """Some of the rows."""
        return replace(self, cell=self.cell[kept], first=self.first[kept], second=self.second[kept])


def corrected(posterior: Posterior, counts: PairCounts) -> Posterior:
    """The fit of ``counts`` with the mean and covariance of what its Gaussian leaves out.

    The same posterior where no centred skill's skewness is beyond TOLERATED. ``fitted`` of what is
    returned is the fit that its ``sites`` belong to.
    """
    size = len(counts.model_ids)
    changed = _change(
        Rows(size, *one_block(counts.first.size), counts.first, counts.second),
        counts.outcomes, posterior.sites, posterior,
        posterior.mean - posterior.prior_mean, posterior.covariance,
        posterior.covariance, posterior.skill_sd,
    )  # fmt: skip
    if changed is None:
        return posterior
    move, covariance = changed
    return replace(
        posterior, mean=posterior.mean + move, covariance=covariance, uncorrected=posterior
    )


def corrected_hierarchy(
    posterior: HierarchicalPosterior, counts: CellCounts
) -> HierarchicalPosterior:
    """The same for common skills and effects together, and so for every board made of them.

    What decides is the skewness of skills as the sample has them, groups by how often they judged.
    """
    judged = counts.battles_per_effect / max(float(counts.outcomes.sum()), 1.0)
    board = posterior.board(dict(zip(posterior.effects, judged.tolist(), strict=True)))
    size = len(posterior.model_ids)
    share = np.concatenate(([1.0], judged))
    whole = posterior.covariance.reshape(-1, share.size, size)
    skills = np.zeros_like(whole[:, 0])
    for b in range(share.size):
        skills += share[b] * whole[:, b]
    changed = _change(
        Rows(size, counts.blocks, counts.cell, counts.first, counts.second),
        counts.outcomes, np.moveaxis(posterior.sites, 0, -1), posterior,
        posterior.mean.ravel(), posterior.covariance, skills, board.skill_sd,
    )  # fmt: skip
    if changed is None:
        return posterior
    move, covariance = changed
    return replace(
        posterior, mean=posterior.mean + move.reshape(posterior.mean.shape), covariance=covariance
    )


def _change(
    rows: Rows,
    outcomes: FloatArray,
    sites: FloatArray,
    fit: Posterior | HierarchicalPosterior,
    mean: FloatArray,
    covariance: FloatArray,
    skills: FloatArray,
    skill_sd: FloatArray,
) -> tuple[FloatArray, FloatArray] | None:
    """What to add to the mean of all effects (K), and their covariance (K, K); None for nothing.

    ``skills`` (K, M): covariance of all effects with each model's skill, ``skill_sd`` (M): centred.
    """
    cumulants = row_cumulants(
        *rows.marginals(mean, covariance), np.ascontiguousarray(outcomes),
        fit.draw_margin, 2.0 * fit.beta**2,
        np.ascontiguousarray(sites[..., 0]), np.ascontiguousarray(sites[..., 1]),
    )  # fmt: skip
    third = cumulants[:, THIRD]
    if not np.isfinite(third).all():
        # A fit that has gone astray, where some cavity is none.
        return None
    cubes = third_cumulants(rows.levels(skills), rows.cell, rows.first, rows.second, third)
    skewed = np.abs(cubes) > TOLERATED * (skill_sd * skill_sd * skill_sd)
    if not skewed.any():
        return None
    loads = rows.along(skills[:, skewed]) / skill_sd[skewed]
    kept = _that_matter(np.abs(third[:, None] * (loads * loads * loads)).max(axis=1))
    rows, cumulants = rows.take(kept), np.ascontiguousarray(cumulants[kept])
    loadings = rows.along(covariance)
    between = rows.along(loadings.T)
    change = covariance_change(loadings, between, cumulants)
    of_rows = np.diag(rows.along(rows.along(change).T)).copy()
    pull = (loadings * pull_of_rows(between, cumulants, of_rows)[:, None]).sum(axis=0)
    for _ in range(HALVINGS):
        upper = factor(covariance + change)
        if np.isfinite(upper).all():
            # The terms of the mean alternate in sign: a [0/1] Pade approximant of their sum.
            move = (covariance * solve_factored(upper, pull)).sum(axis=1)
            return move, covariance + change
        # A series that is cut off promises no covariance; closer to the fit's there is one.
        change *= 0.5
    return None


def _that_matter(share: FloatArray) -> IndexArray:
    """Rows (ascending) without the smallest shares that sum to less than NEGLIGIBLE."""
    order = np.argsort(share, kind="stable")
    kept: IndexArray = np.sort(order[np.cumsum(share[order]) > NEGLIGIBLE])
    return kept
