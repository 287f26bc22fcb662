"""Slope of an outcome on one exposure beside controls, clustered, and free of a judge's errors.

Controls are taken out of both first (Frisch and Waugh 1933; Lovell 1963). An exposure that a judge
labels with known sensitivity and specificity is put on the scale of what is true, and the variance
that its errors add is taken off (corrected score: Nakamura 1990, Biometrika 77; Buonaccorsi 2010,
Measurement Error, chapter 7). The interval is a jackknife over clusters, exact in the controls.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.gaussian import NORMAL_975
from ratings.linear_algebra import factor, product, solve_factored
from ratings.sandwich import satterthwaite

# A control of which those before it leave less than this share is theirs again.
COLLINEAR = 1e-9
# A control that one cluster alone has leaves nothing without it.
RIDGE = 1e-9
# Fewer clusters tell too little about how they differ.
FEW_CLUSTERS = 10
# What is left of an exposure, as a share of it, when all of it is the judge's error.
NOTHING_LEFT = 0.05
# By how much an error rate is moved to see what a slope makes of it.
STEP = 0.01


@dataclass(frozen=True)
class Slope:
    """A slope with its 95% interval; all NaN where the data cannot tell it.

    ``p``: of no slope, two-sided.
    """

    estimate: float
    sd: float
    low: float
    high: float
    p: float

    @property
    def is_known(self) -> bool:
        """Whether there is an estimate."""
        return math.isfinite(self.estimate)


UNKNOWN = Slope(math.nan, math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class ErrorRates:
    """How often a judge finds what is there, and leaves alone what isn't.

    ``sensitivity``, ``specificity`` with the variances of their estimates.
    """

    sensitivity: float
    specificity: float
    sensitivity_variance: float = 0.0
    specificity_variance: float = 0.0

    @property
    def span(self) -> float:
        """How much more often a label is given where it is true: 1 of a judge without errors."""
        return self.sensitivity + self.specificity - 1.0

    def error(self, share: float) -> float:
        """Variance of (label - 1 + specificity) / span, where so much of it is true."""
        there = self.sensitivity * (1.0 - self.sensitivity)
        not_there = self.specificity * (1.0 - self.specificity)
        return (share * there + (1.0 - share) * not_there) / self.span**2


NO_ERRORS = ErrorRates(1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Rows:
    """N observations: ``outcome``, ``exposure``, ``weight`` (N), ``controls`` (N, K), ``cluster``.

    ``labels`` (N): labels in an exposure, such as one, or two where it is a difference of two;
    ``findings`` (N): how many of them find something.
    """

    outcome: FloatArray
    exposure: FloatArray
    controls: FloatArray
    cluster: IndexArray
    weight: FloatArray
    labels: FloatArray
    findings: FloatArray


def indicators(codes: IndexArray) -> FloatArray:
    """A column (N, L) per level of ``codes`` (N), which are 0 to L - 1."""
    columns: FloatArray = np.eye(int(codes.max(initial=-1)) + 1)[codes]
    return columns


@dataclass(frozen=True, eq=False)
class Regression:
    """What controls leave of outcome and exposure.

    All of them (N) are times the root of the weight; ``basis`` (N, K): of the controls,
    orthonormal. ``labels`` (N): weight times labels, less what the controls take. ``found``: share
    of these that find something. ``starts`` (C + 1): of clusters among the rows, which are in
    their order. ``exposed``: the exposure's square before. ``outcome_sd``: the outcome's weighted
    standard deviation before.
    """

    outcome: FloatArray
    exposure: FloatArray
    labels: FloatArray
    found: float
    basis: FloatArray
    starts: IndexArray
    exposed: float
    outcome_sd: float

    def slope(self, rates: ErrorRates = NO_ERRORS, fewest: int = FEW_CLUSTERS) -> Slope:
        """The slope on what is true, with Student's t over clusters.

        ``rates``: of the judge whose labels the exposure is; the interval holds what is uncertain
        of them, by the delta method. Unknown where clusters are fewer than ``fewest``, a label
        says hardly more than a coin, or nothing of the exposure is left.
        """
        clusters = self.starts.size - 1
        if clusters < fewest or not rates.span > NOTHING_LEFT:
            return UNKNOWN
        error, span = rates.error(self._share(rates)), rates.span
        square = (self.exposure**2).sum()
        whole = float(square / span**2 - error * self.labels.sum())
        if not (whole > NOTHING_LEFT * square / span**2 and square > COLLINEAR * self.exposed):
            return UNKNOWN
        estimate = self._estimate(rates)
        own, both = _without_clusters(self.starts, self.basis, self.exposure, self.outcome)
        own = own / span**2 - error * np.add.reduceat(self.labels, self.starts[:-1])
        moves = (both / span - own * estimate) / (whole - own)
        squares = (moves - moves.mean()) ** 2
        variance = float((clusters - 1.0) / clusters * (moves**2).sum())
        if not variance > 0.0:
            return UNKNOWN
        freedom = satterthwaite(np.array([squares.sum()]), np.array([(squares**2).sum()]))
        # Student's t is of the sampling part alone.
        t = float(stdtrit(min(freedom, clusters - 1.0), 0.975))
        half = math.sqrt(t**2 * variance + NORMAL_975**2 * self._of_rates(rates))
        p = 2.0 * float(stdtr(min(freedom, clusters - 1.0), -abs(estimate) * t / half))
        return Slope(estimate, half / t, estimate - half, estimate + half, p)

    def _share(self, rates: ErrorRates) -> float:
        # Of what is true among the labels (Rogan and Gladen 1978).
        return min(max((self.found - 1.0 + rates.specificity) / rates.span, 0.0), 1.0)

    def _estimate(self, rates: ErrorRates) -> float:
        square = (self.exposure**2).sum() / rates.span**2
        whole = square - rates.error(self._share(rates)) * self.labels.sum()
        return float((self.exposure * self.outcome).sum() / rates.span / whole)

    def _of_rates(self, rates: ErrorRates) -> float:
        total = 0.0
        for name, variance in (
            ("sensitivity", rates.sensitivity_variance),
            ("specificity", rates.specificity_variance),
        ):
            here = getattr(rates, name)
            above, below = min(here + STEP, 1.0), here - STEP
            change = self._estimate(replace(rates, **{name: above}))
            change -= self._estimate(replace(rates, **{name: below}))
            total += (change / (above - below)) ** 2 * variance
        return total


def regression(rows: Rows) -> Regression:
    """Outcome and exposure without their controls, and without a mean."""
    order = np.argsort(rows.cluster, kind="stable")
    root = np.sqrt(rows.weight[order])
    controls = np.column_stack([np.ones(order.size), rows.controls[order]]) * root[:, None]
    basis = _orthonormal(controls)

    def left(value: FloatArray) -> FloatArray:
        scaled = root * value[order]
        rest: FloatArray = scaled - (basis * (basis * scaled[:, None]).sum(axis=0)).sum(axis=1)
        return rest

    clusters = rows.cluster[order]
    taken = rows.weight[order] * (1.0 - (basis**2).sum(axis=1))
    labels = taken * rows.labels[order]
    findings = (taken * rows.findings[order]).sum()
    starts = np.flatnonzero(np.diff(clusters, prepend=-1, append=clusters.max(initial=0) + 1))
    return Regression(
        outcome=left(rows.outcome),
        exposure=left(rows.exposure),
        labels=labels,
        found=float(findings / max(labels.sum(), 1e-300)),
        basis=basis,
        starts=starts.astype(np.int64),
        exposed=float((rows.weight * rows.exposure**2).sum()),
        outcome_sd=_weighted_sd(rows.outcome, rows.weight),
    )


def _weighted_sd(value: FloatArray, weight: FloatArray) -> float:
    mean = (weight * value).sum() / weight.sum()
    return math.sqrt(float((weight * (value - mean) ** 2).sum() / weight.sum()))


def _orthonormal(controls: FloatArray) -> FloatArray:
    # Of the columns that are not a sum of those before them.
    spread = np.sqrt((controls**2).sum(axis=0))
    scaled = controls / np.where(spread > 0.0, spread, 1.0)
    kept = np.diag(factor(product(scaled.T, scaled), COLLINEAR)) > 0.0
    scaled = scaled[:, kept]
    upper = factor(product(scaled.T, scaled), 0.0)
    basis = np.empty_like(scaled)
    for k in range(scaled.shape[1]):
        rest = scaled[:, k] - (basis[:, :k] * upper[:k, k]).sum(axis=1)
        basis[:, k] = rest / upper[k, k]
    return basis


@compiled
def _without_clusters(
    starts: IndexArray, basis: FloatArray, exposure: FloatArray, outcome: FloatArray
) -> tuple[FloatArray, FloatArray]:
    # By how much the exposure's square, and its product with the outcome, are less without each
    # cluster, with controls taken out anew: for its rows B of the basis, x' inverse(I - B B') x.
    own, both = np.zeros(starts.size - 1), np.zeros(starts.size - 1)
    for one in range(starts.size - 1):
        begin, end = starts[one], starts[one + 1]
        few = end - begin <= basis.shape[1]
        here, value = basis[begin:end], exposure[begin:end]
        lifted = _lifted_few(here, value) if few else _lifted_many(here, value)
        for k in range(end - begin):
            own[one] += lifted[k] * value[k]
            both[one] += lifted[k] * outcome[begin + k]
    return own, both


@compiled
def _lifted_few(basis: FloatArray, exposure: FloatArray) -> FloatArray:
    # inverse(I - B B') x, in as many dimensions as rows.
    count, controls = basis.shape
    inner = np.zeros((count, count))
    for k in range(count):
        inner[k, k] = 1.0 + RIDGE
        for m in range(k, count):
            for c in range(controls):
                inner[k, m] -= basis[k, c] * basis[m, c]
    return solve_factored(factor(inner, 0.0), exposure)


@compiled
def _lifted_many(basis: FloatArray, exposure: FloatArray) -> FloatArray:
    # The same in as many dimensions as controls: x + B inverse(I - B' B) B' x.
    count, controls = basis.shape
    inner, right = np.zeros((controls, controls)), np.zeros(controls)
    for c in range(controls):
        inner[c, c] = 1.0 + RIDGE
    for row in range(count):
        for c in range(controls):
            right[c] += basis[row, c] * exposure[row]
            for d in range(c, controls):
                inner[c, d] -= basis[row, c] * basis[row, d]
    reach = solve_factored(factor(inner, 0.0), right)
    lifted = exposure.copy()
    for row in range(count):
        for c in range(controls):
            lifted[row] += basis[row, c] * reach[c]
    return lifted


def e_value(difference: float) -> float:
    """How strong an unmeasured cause would have to be, as a risk ratio, to make a ``difference``.

    ``difference``: standardised, in standard deviations of the outcome. The risk ratio is
    exp(0.91 |d|), and the value RR + sqrt(RR (RR - 1)) (VanderWeele and Ding 2017, Annals of
    Internal Medicine 167).
    """
    ratio = math.exp(0.91 * abs(difference))
    return ratio + math.sqrt(ratio * (ratio - 1.0))
