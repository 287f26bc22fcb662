"""What a prior's pull towards the mean leaves uncertain, beyond what one posterior's variance says.

A posterior with covariance S and prior variance p^2 moves skills t by S t / p^2. Over skills of the
prior that squared is S S / p^2, which the posterior's covariance holds.
"""

from collections.abc import Sequence

import numpy as np

from ratings.compiled import FloatArray
from ratings.linear_algebra import product
from ratings.posterior import Posterior

# Of a skill of which hardly anything is known the estimate says nothing of how far it was moved.
MOST_PULLED = 0.9


def unequal_pull(posterior: Posterior) -> FloatArray:
    """Variance (M) that the prior's pull on a skill has beyond what it has on average.

    The prior moves a skill t by k t, with k the model's variance over the prior's. Of a skill far
    from the rest that is more than on average: here k^2 t^2, with the estimate over 1 - k for t,
    less the average.
    """
    moved, usual = _pull(posterior)
    extra: FloatArray = np.maximum(moved**2 - usual**2, 0.0)
    return extra


def _pull(posterior: Posterior) -> tuple[FloatArray, FloatArray]:
    # By how much each skill was moved (M), and the root mean square of that over the prior (M).
    sd = posterior.with_covariance(posterior.model_covariance).skill_sd
    kept = np.minimum((sd / posterior.prior.sd) ** 2, MOST_PULLED)
    return kept / (1.0 - kept) * posterior.skill, kept * posterior.prior.sd


def shared_pull(parts: Sequence[Posterior], shares: FloatArray) -> FloatArray:
    """What is missing in sum_s W_s^2 V_s (M, M) where one skill is pulled alike in all of S parts.

    Their errors are then not independent: with S_s and p_s^2 of a part and W_s its share (S), the
    sum over s != t of W_s W_t S_s S_t / (p_s p_t); and ``unequal_pull`` of all together, less
    what the parts have of it.
    """
    size = parts[0].mean.size
    together, apart = np.zeros((size, size)), np.zeros((size, size))
    moved, usual, known = np.zeros(size), np.zeros(size), np.zeros(size)
    for part, share in zip(parts, shares.tolist(), strict=True):
        own = share / part.prior.sd * part.model_covariance
        together += own
        apart += product(own, own)
        moved_part, usual_part = _pull(part)
        moved += share * moved_part
        usual += share * usual_part
        known += share**2 * unequal_pull(part)
    missing = product(together, together) - apart
    far = np.maximum(moved**2 - usual**2 - known, 0.0)
    shared: FloatArray = 0.5 * (missing + missing.T) + np.diag(far)
    return shared
