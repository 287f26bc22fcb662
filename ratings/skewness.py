"""Posteriors that are not quite Gaussian: the mean and covariance that skewness leads to.

Where a model loses every battle, what is known of it has a long tail, and the Gaussian of
expectation propagation is too narrow. A site's copies match the Gaussian in mean and variance; from
the third cumulant on they differ. The first terms of a series around the Gaussian say by how much
(Opper, Paquet, Winther 2013, "Perturbative corrections for approximate inference in Gaussian
latent variable models", JMLR 14). Where nothing is skewed the posterior stays as it is.

Rows (D) are differences of two models' skills in a cell, as in ``differences``.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ratings.compiled import CELLS, MANY_MODELS, FloatArray, IndexArray
from ratings.counts import CellCounts, PairCounts
from ratings.cut_gaussian import draw_cumulants, win_cumulants
from ratings.differences import Differences
from ratings.expectation_propagation import SECOND_WINS, TIE, cavities
from ratings.hierarchical import HierarchicalPosterior
from ratings.linear_algebra import factor, product, solve_factored
from ratings.posterior import Posterior

# Skewness of a centred skill up to which its board is left alone: the variance is then about
# skewness^2 / 2 short, half a per cent.
TOLERATED = 0.1
# Rows whose share of any skill's skewness is less than this together are left out.
NEGLIGIBLE = 5e-3
HALVINGS = 20
# Of a board of many models, the rows that are corrected for, at most: their square is held.
MOST_ROWS = 3_000


class RowCumulants(NamedTuple):
    """Per row (D) the sums over copies of k3, k4, k3^2, k3^3 and k3 k4.

    k3, k4: third and fourth cumulant of the row's difference under cavity times one copy, over the
    variance to the power of three and four. Products are of a copy with itself, of which a count
    below one has no more than its square.
    """

    third: FloatArray
    fourth: FloatArray
    third_twice: FloatArray
    third_thrice: FloatArray
    third_and_fourth: FloatArray


def row_cumulants(
    mean: FloatArray,
    variance: FloatArray,
    counts: FloatArray,
    sites: FloatArray,
    margin: FloatArray,
    noise: float,
) -> RowCumulants:
    """Cumulants of rows with marginals ``mean``, ``variance`` (D).

    ``counts`` (D, 3) and ``sites`` (2, D, 3): as in ``expectation_propagation``; ``margin`` (D):
    draw margins in skill units; ``noise``: 2 beta^2.
    """
    cavity = cavities(mean, variance, counts, sites)
    root = np.sqrt(cavity.variance + noise)
    side = np.where(cavity.outcome == SECOND_WINS, -1.0, 1.0)
    tie = cavity.outcome == TIE
    margin = margin[cavity.row]
    each = np.empty((2, root.size))
    each[:, tie] = draw_cumulants(cavity.mean[tie] / root[tie], margin[tie] / root[tie])
    each[:, ~tie] = win_cumulants((side[~tie] * cavity.mean[~tie] - margin[~tie]) / root[~tie])
    scale = cavity.variance / (root * variance[cavity.row])
    third, fourth = side * each[0] * scale**3, each[1] * scale**4
    of_copies = cavity.share * third
    sums = (third, fourth, of_copies * third, of_copies * third * third, of_copies * fourth)
    total = np.zeros((len(sums), mean.size))
    for row, one in zip(total, sums, strict=True):
        np.add.at(row, cavity.row, cavity.battles * one)
    return RowCumulants(*total)


def covariance_change(
    loadings: FloatArray, between: FloatArray, cumulants: RowCumulants
) -> FloatArray:
    """1/2 sum over pairs of distinct copies of k3 k3' cov(d, d')^2 cov(f, d) cov(g, d'), (F, F).

    ``loadings`` (D, F): covariance of each row's difference with each functional; ``between``
    (D, D): of rows with each other. Opper, Paquet, Winther 2013.
    """
    third = cumulants.third
    weight = third[:, None] * third[None, :]
    weight[np.diag_indices(third.size)] -= cumulants.third_twice
    change = product(loadings.T, product(0.5 * weight * between * between, loadings))
    return 0.5 * (change + change.T)


def pull_of_rows(
    between: FloatArray, cumulants: RowCumulants, variance_change: FloatArray
) -> FloatArray:
    """How hard each row (D) pulls: a mean moves by the sum over rows of cov(f, d) times it.

    What a copy's third cumulant makes of the other copies' change of its variance, and its fourth
    of their third: 1/2 k3 dv + 1/6 k4 sum k3' cov^3, over distinct copies. ``variance_change`` (D):
    of rows, by all copies.
    """
    third, fourth, twice, thrice, mixed = cumulants
    v = np.diag(between)
    skew = (third * between**3).sum(axis=1)
    of_variance = third * variance_change - v * (twice * skew - thrice * v**3)
    pull: FloatArray = 0.5 * of_variance + (fourth * skew - mixed * v**3) / 6.0
    return pull


def corrected(posterior: Posterior, counts: PairCounts) -> Posterior:
    """The fit of ``counts`` with the mean and covariance of what its Gaussian leaves out.

    The same posterior where no centred skill's skewness is beyond TOLERATED. ``fitted`` of what is
    returned is the fit that its ``sites`` belong to.
    """
    changed = _change(
        counts.differences, counts.outcomes, posterior,
        posterior.mean - posterior.prior.mean, posterior.covariance,
        posterior.covariance, posterior.skill_sd,
        np.full(counts.first.size, posterior.draw_margin),
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
        counts.differences, counts.outcomes, posterior,
        posterior.mean.ravel(), posterior.covariance, skills, board.skill_sd,
        posterior.draw_margin * posterior.habits(counts),
    )  # fmt: skip
    if changed is None:
        return posterior
    move, covariance = changed
    return replace(
        posterior, mean=posterior.mean + move.reshape(posterior.mean.shape), covariance=covariance
    )


def _change(
    rows: Differences,
    outcomes: FloatArray,
    fit: Posterior | HierarchicalPosterior,
    mean: FloatArray,
    covariance: FloatArray,
    skills: FloatArray,
    skill_sd: FloatArray,
    margin: FloatArray,
) -> tuple[FloatArray, FloatArray] | None:
    """What to add to the mean of all effects (K), and their covariance (K, K); None for nothing.

    ``skills`` (K, M): covariance of all effects with each model's skill; ``skill_sd`` (M):
    centred; ``margin`` (D): draw margins.
    """
    cumulants = row_cumulants(
        *rows.marginals(mean, covariance), outcomes, fit.sites, margin, fit.prior.noise
    )
    if not np.isfinite(cumulants.third).all():
        # A fit that has gone astray, where some cavity is none.
        return None
    scale = np.where(skill_sd > 0.0, skill_sd, 1.0)
    skewness = np.zeros(skill_sd.size)
    for here in _blocks(rows):
        # On top of what there is, so that the sum has one order however rows are cut.
        each = _skewness(rows.take(here), skills, scale, cumulants.third[here])
        skewness = np.concatenate((skewness[None], each)).sum(axis=0)
    skewed = np.abs(skewness) > TOLERATED
    if not skewed.any():
        return None
    share = np.concatenate(
        [
            np.abs(_skewness(rows.take(here), skills, scale, cumulants.third[here])[:, skewed]).max(
                axis=1
            )
            for here in _blocks(rows)
        ]
    )
    kept = _that_matter(share)
    if rows.size > MANY_MODELS and kept.size > MOST_ROWS:
        kept = np.sort(kept[np.argsort(-share[kept], kind="stable")[:MOST_ROWS]])
    rows, cumulants = rows.take(kept), RowCumulants(*(one[kept] for one in cumulants))
    loadings = rows.along(covariance)
    between = rows.along(loadings.T)
    change = covariance_change(loadings, between, cumulants)
    of_rows = np.diag(rows.along(rows.along(change).T))
    pull = (loadings * pull_of_rows(between, cumulants, of_rows)[:, None]).sum(axis=0)
    for _ in range(HALVINGS):
        upper = factor(covariance + change, 0.0)
        if np.isfinite(upper).all():
            # The terms of the mean alternate in sign: a [0/1] Pade approximant of their sum.
            move = (covariance * solve_factored(upper, pull)).sum(axis=1)
            return move, covariance + change
        # A series that is cut off promises no covariance; closer to the fit's there is one.
        change *= 0.5
    return None


def _blocks(rows: Differences) -> Iterator[IndexArray]:
    """Places of rows, so many at a time that an array over them and all models stays small."""
    count = rows.cell.size
    # Each block costs the square of the models, whatever its rows.
    step = max(CELLS // max(rows.size, 1), rows.size if rows.size > MANY_MODELS else 1)
    for begin in range(0, count, step):
        yield np.arange(begin, min(begin + step, count))


def _skewness(
    rows: Differences, skills: FloatArray, scale: FloatArray, third: FloatArray
) -> FloatArray:
    """What each row (D) adds to the skewness of every skill: (D, M)."""
    loads = rows.along(skills) / scale
    return third[:, None] * (loads * loads * loads)


def _that_matter(share: FloatArray) -> IndexArray:
    """Rows (ascending) without the smallest shares that sum to less than NEGLIGIBLE."""
    order = np.argsort(share, kind="stable")
    kept: IndexArray = np.sort(order[np.cumsum(share[order]) > NEGLIGIBLE])
    return kept
