"""The prior's spread, learnt from the battles while sites settle.

The prior's sd is the most probable one given the battles. Its own prior is a gamma distribution of
shape 2, whose mode is the sd that holds without battles: zero at zero, so that few battles never
say that all models are equal, and nearly flat elsewhere (Chung, Rabe-Hesketh, Dorie, Gelman and Liu
2013, "A nondegenerate penalized likelihood estimator for variance parameters in multilevel models",
Psychometrika 78).
"""

import math
from dataclasses import dataclass

import numpy as np

from ratings.expectation_propagation import Propagation
from ratings.posterior import Prior

# In units of beta. Below, no model can be told from another; above, no battle is undecided.
LOWEST = 0.01
HIGHEST = 100.0
LONGEST_STEP = 1.0
# The first sweeps move the sites too far for the spread to learn from them.
LEARN_FROM = 2


@dataclass(frozen=True)
class SpreadLearner:
    """One Newton step of log sd before every sweep; ``prior``: its sd is the mode before battles.

    With sites held, d log evidence / d log sd = E / sd^2 - N, with E the posterior second moment of
    N skills. Their common mode carries nothing but the prior and is left out.
    """

    prior: Prior

    def __call__(self, state: Propagation) -> None:
        """Move ``state.prior_precision``."""
        if state.sweeps < LEARN_FROM:
            return
        mean, covariance, rate = state.mean, state.covariance, float(state.prior_precision[0])
        common = 1.0 / (rate + mean.size * float(state.stiffness[0]))
        moment = float((mean * mean).sum() + np.trace(covariance)) - common
        between = float((covariance * (covariance + 2.0 * mean[:, None] * mean[None, :])).sum())
        sd = rate**-0.5
        # Of the gamma distribution's log: log sd - sd / mode.
        falls = sd / self.prior.sd
        gradient = rate * moment - (mean.size - 1.0) + 1.0 - falls
        curvature = 2.0 * rate * moment - 2.0 * rate**2 * (between - common**2) + falls
        # Where the log of it is not concave, uphill by no more than LONGEST_STEP.
        step = gradient / max(curvature, abs(gradient) / LONGEST_STEP, 1e-3)
        step = min(max(step, -LONGEST_STEP), LONGEST_STEP)
        after = min(max(sd * math.exp(step), LOWEST * self.prior.beta), HIGHEST * self.prior.beta)
        state.prior_precision = np.array([after**-2])
