"""Ordered probit of ratings with a random effect per participant: a cumulative-link mixed model.

A rating is r if theta_model + u_participant + e falls between the thresholds kappa_(r-1) and
kappa_r, with e ~ N(0, 1) and u ~ N(0, tau^2) (McCullagh 1980, JRSS B 42; Hedeker and Gibbons 1994,
Biometrics 50). The integral over u is Gauss and Hermite's. Weights are of participants, as powers
of their likelihood (Rabe-Hesketh and Skrondal 2006, JRSS A 169), and errors are the sandwich's,
clustered by participant. What people are shown is the expected rating of each model if everybody
had rated it, on the scale's own 1 to 7: a severe rater moves it less than a mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from ratings.compiled import CELLS, FloatArray, IndexArray
from ratings.linear_algebra import product

NODES = 15
ROUNDS = 100
# Twice the log-likelihood that a last step may still gain.
DECREMENT = 1e-5
# A flat prior precision of an effect: what everybody rates 7 has a finite effect, and effects have
# a place.
RIDGE = 1e-3
START_SPREAD = 0.7
_ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class OrderedProbit:
    """A fit of M models.

    ``effect`` (M): latent, centred, in sds of one rating's noise; ``mean`` (M): expected rating;
    ``mean_sd`` (M) its standard error; ``rater_share``: how much of the latent variance within a
    model is between raters, tau^2 / (1 + tau^2); ``log_likelihood``: weighted; ``is_converged``;
    ``parameters``: effects, thresholds between the answers that occur, and tau.
    """

    effect: FloatArray
    mean: FloatArray
    mean_sd: FloatArray
    rater_share: float
    log_likelihood: float
    is_converged: bool
    parameters: FloatArray


@dataclass(frozen=True, eq=False)
class _Data:
    # Ratings (R) by cluster, sorted: where clusters start (C), their weights (C), each rating's
    # cluster, model and category among the K that occur.
    starts: IndexArray
    weight: FloatArray
    cluster: IndexArray
    model: IndexArray
    category: IndexArray
    levels: FloatArray
    models: int

    @property
    def cuts(self) -> int:
        return self.levels.size - 1

    def some(self, first: int, last: int) -> _Data:
        """The clusters from ``first`` to before ``last``."""
        ends = (*self.starts.tolist(), self.cluster.size)
        rows = slice(ends[first], ends[last])
        return replace(
            self,
            starts=self.starts[first:last] - ends[first],
            weight=self.weight[first:last],
            cluster=self.cluster[rows] - first,
            model=self.model[rows],
            category=self.category[rows],
        )


def fit_ordered_probit(
    person: IndexArray,
    model: IndexArray,
    rating: IndexArray,
    weight: FloatArray,
    models: int,
    start: OrderedProbit | None = None,
) -> OrderedProbit | None:
    """Fit R ratings; None where nobody's ratings differ.

    Args:
        person: whose rating it is (R).
        model: of which model (R), from 0; each of ``models`` has a rating.
        rating: a whole number (R).
        weight: of its participant (R), the same in all ratings of one.
        models: how many models there are.
        start: a fit of ratings much like these: it is only nearer to the answer.
    """
    levels, category = np.unique(rating, return_inverse=True)
    if levels.size < 2 or models < 1:
        return None
    order = np.argsort(person, kind="stable")
    _, starts, cluster = np.unique(person[order], return_index=True, return_inverse=True)
    own = weight[order][starts]
    data = _Data(
        starts=starts,
        weight=own / own.mean(),
        cluster=cluster,
        model=model[order],
        category=category[order],
        levels=levels.astype(np.float64),
        models=models,
    )
    near = None if start is None or not start.is_converged else start.parameters
    if near is None or near.size != models + levels.size:
        near = _beginning(data)
    return _fitted(data, near)


def _beginning(data: _Data) -> FloatArray:
    # Models alike, thresholds where the shares of answers put them.
    counts = np.bincount(data.category, data.weight[data.cluster], data.cuts + 1)
    below = ndtri(np.clip(np.cumsum(counts)[:-1] / counts.sum(), 1e-6, 1.0 - 1e-6))
    thresholds = below * np.hypot(1.0, START_SPREAD)
    return np.concatenate((np.zeros(data.models), thresholds, [START_SPREAD]))


def _fitted(data: _Data, parameters: FloatArray) -> OrderedProbit:
    place, weights = np.polynomial.hermite_e.hermegauss(NODES)
    log_weights = np.log(weights / weights.sum())
    log_likelihood, scores, hessian = _derivatives(data, parameters, place, log_weights)
    is_converged, damping = False, 1e-6
    for _ in range(ROUNDS):
        gradient = data.weight @ scores + _ridge(data, parameters)
        curvature = hessian + np.diag(_ridge_curvature(data, parameters.size))
        step = _ascent(curvature, gradient, damping)
        # Newton's step is exact to the square of what is left; the error of the last is nobody's.
        if damping <= 1e-3 and float(gradient @ step) < DECREMENT:
            parameters = parameters + step
            is_converged = True
            break
        proposed = parameters + step
        found = _derivatives(data, proposed, place, log_weights)
        gain = found[0] - _penalty(data, proposed) - log_likelihood + _penalty(data, parameters)
        if gain >= 0.0:
            damping = max(damping / 10.0, 1e-9)
            parameters, (log_likelihood, scores, hessian) = proposed, found
        else:
            damping = max(damping * 10.0, 1e-4)
    curvature = hessian + np.diag(_ridge_curvature(data, parameters.size))
    # Somebody who rates once tells of a spread between people only through the shape.
    inverse = np.linalg.pinv(-curvature, hermitian=True)
    clusters = data.starts.size
    pulled = data.weight[:, None] * scores
    meat = product(np.ascontiguousarray(pulled.T), pulled)
    covariance = inverse @ meat @ inverse * (clusters / max(clusters - 1, 1))
    mean, slope = _expected(data, parameters)
    variance = np.einsum("mp,pq,mq->m", slope, covariance, slope)
    effect = parameters[: data.models]
    tau = float(parameters[-1])
    return OrderedProbit(
        effect=effect - effect.mean(),
        mean=mean,
        mean_sd=np.sqrt(np.maximum(variance, 0.0)),
        rater_share=tau**2 / (1.0 + tau**2),
        log_likelihood=log_likelihood,
        is_converged=is_converged,
        parameters=parameters,
    )


def _derivatives(
    data: _Data, parameters: FloatArray, place: FloatArray, log_weights: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Weighted log-likelihood; gradient per cluster (C, P); Hessian of the sum (P, P).

    Log-likelihood minus infinity where thresholds are out of order.
    """
    clusters, size = data.starts.size, parameters.size
    scores, hessian, log_likelihood = np.zeros((clusters, size)), np.zeros((size, size)), 0.0
    kappa = parameters[data.models : -1]
    if not (np.diff(kappa) > 0.0).all() or not np.isfinite(parameters).all():
        return -np.inf, scores, hessian
    chunk = max(CELLS // (size * place.size), 1)
    for first in range(0, clusters, chunk):
        some = slice(first, first + chunk)
        value, scores[some], own = _derivatives_of(
            data.some(first, min(first + chunk, clusters)), parameters, place, log_weights
        )
        log_likelihood += value
        hessian += own
    return log_likelihood, scores, hessian


def _derivatives_of(
    data: _Data, parameters: FloatArray, place: FloatArray, log_weights: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    models, cuts, size = data.models, data.cuts, parameters.size
    theta, kappa, tau = parameters[:models], parameters[models:-1], float(parameters[-1])
    padded = np.concatenate(([-np.inf], kappa, [np.inf]))
    level = theta[data.model][:, None] + tau * place[None, :]
    upper = padded[data.category + 1][:, None] - level
    lower = padded[data.category][:, None] - level
    # The nearer tail, so that a small probability keeps its digits.
    flip = lower > 0.0
    probability = np.where(flip, ndtr(-lower) - ndtr(-upper), ndtr(upper) - ndtr(lower))
    probability = np.maximum(probability, 1e-300)
    of_upper, of_lower = _density(upper) / probability, _density(lower) / probability
    bend_upper = np.where(np.isfinite(upper), upper, 0.0) * of_upper
    bend_lower = np.where(np.isfinite(lower), lower, 0.0) * of_lower
    joint = np.add.reduceat(np.log(probability), data.starts, axis=0) + log_weights
    top = joint.max(axis=1, keepdims=True)
    share = np.exp(joint - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    log_likelihood = float(data.weight @ (top + np.log(total))[:, 0])

    # Gradients at each node (C, nodes, P): of theta -(u - l), of the cut above u, below -l, of tau
    # as of theta times the node's place.
    clusters, nodes = share.shape
    by_node = np.zeros((clusters, nodes, size))
    slope = of_lower - of_upper
    _add(by_node, data.cluster, data.model, slope)
    upper_of, lower_of = data.category < cuts, data.category > 0
    above, below = models + data.category[upper_of], models + data.category[lower_of] - 1
    _add(by_node, data.cluster[upper_of], above, of_upper[upper_of])
    _add(by_node, data.cluster[lower_of], below, -of_lower[lower_of])
    by_node[..., -1] = np.add.reduceat(slope, data.starts, axis=0) * place
    scores = np.einsum("ckp,ck->cp", by_node, share)
    flat = by_node.reshape(-1, size)
    scaled = flat * (share * data.weight[:, None]).reshape(-1, 1)
    hessian = np.einsum("np,nq->pq", scaled, flat)
    hessian -= product(np.ascontiguousarray((data.weight[:, None] * scores).T), scores)
    hessian += _own_curvature(
        data, place, (share * data.weight[:, None])[data.cluster], of_upper, of_lower,
        bend_upper, bend_lower,
    )  # fmt: skip
    return log_likelihood, scores, hessian


def _add(by_node: FloatArray, cluster: IndexArray, place: IndexArray, values: FloatArray) -> None:
    # Add to ``by_node`` (C, nodes, P) values (R, nodes) of clusters at places.
    where: Any = (cluster, slice(None), place)
    np.add.at(by_node, where, values)


def _own_curvature(
    data: _Data, place: FloatArray, share: FloatArray, of_upper: FloatArray, of_lower: FloatArray,
    bend_upper: FloatArray, bend_lower: FloatArray,
) -> FloatArray:  # fmt: skip
    # Second derivatives of each rating's log-probability, averaged over nodes: with a = u's bound
    # and b = l's, of log(Phi(a) - Phi(b)): aa: -a phi(a)/P - (phi(a)/P)^2, bb: b phi(b)/P -
    # (phi(b)/P)^2, ab: phi(a) phi(b) / P^2.
    models, cuts, size = data.models, data.cuts, data.models + data.cuts + 1
    aa = -bend_upper - of_upper**2
    bb = bend_lower - of_lower**2
    ab = of_upper * of_lower
    out = np.zeros((size, size))
    above, below = models + data.category, models + data.category - 1
    has_upper, has_lower = data.category < cuts, data.category > 0
    both = has_upper & has_lower

    def add(rows: IndexArray, columns: IndexArray, values: FloatArray) -> None:
        np.add.at(out, (rows, columns), values)

    # a and b fall with theta and with tau times the place.
    of_level = aa + bb + 2.0 * ab
    last = np.full(data.model.size, size - 1)
    level, first, second = (share * of_level, share * (aa + ab), share * (bb + ab))
    add(data.model, data.model, level.sum(axis=1))
    crossed = level @ place
    add(data.model, last, crossed)
    add(last, data.model, crossed)
    add(last, last, level @ place**2)
    for rows, has, part, own in ((above, has_upper, first, aa), (below, has_lower, second, bb)):
        mine = rows[has]
        add(mine, mine, (share * own).sum(axis=1)[has])
        for columns, values in ((data.model, part.sum(axis=1)), (last, part @ place)):
            add(mine, columns[has], -values[has])
            add(columns[has], mine, -values[has])
    mixed = (share * ab).sum(axis=1)[both]
    add(above[both], below[both], mixed)
    add(below[both], above[both], mixed)
    return out


def _expected(data: _Data, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Expected rating of each model (M), everybody rating it, and its gradient (M, P)."""
    models = data.models
    theta, kappa, tau = parameters[:models], parameters[models:-1], float(parameters[-1])
    spread = np.hypot(1.0, tau)
    gap = np.diff(data.levels)
    above = (theta[:, None] - kappa[None, :]) / spread
    mean = data.levels[0] + ndtr(above) @ gap
    density = _density(above) * gap / spread
    slope = np.zeros((models, parameters.size))
    slope[np.arange(models), np.arange(models)] = density.sum(axis=1)
    slope[:, models:-1] = -density
    slope[:, -1] = -(density * above).sum(axis=1) * tau / spread
    return mean, slope


def _ascent(curvature: FloatArray, gradient: FloatArray, damping: float) -> FloatArray:
    # Newton's step where the likelihood is concave, else one that leans to the gradient.
    values, vectors = np.linalg.eigh(-curvature)
    floor = max(float(values.max()) * 1e-10, 1e-10)
    values = np.maximum(np.abs(values), floor) + damping * max(float(values.max()), 1.0)
    step = vectors @ ((vectors.T @ gradient) / values)
    return np.asarray(step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300)))


def _ridge(data: _Data, parameters: FloatArray) -> FloatArray:
    out = np.zeros(parameters.size)
    out[: data.models] = -RIDGE * parameters[: data.models]
    return out


def _ridge_curvature(data: _Data, size: int) -> FloatArray:
    out = np.zeros(size)
    out[: data.models] = -RIDGE
    return out


def _penalty(data: _Data, parameters: FloatArray) -> float:
    return float(0.5 * RIDGE * (parameters[: data.models] ** 2).sum())


def _density(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * np.minimum(x**2, 1e4)) / _ROOT_TWO_PI)
