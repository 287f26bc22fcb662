"""EP beside NUTS on small studies: an outside sampler of the same posterior, run by hand.

numpyro is no dependency of the project; in an environment that has it, with numba and pyarrow:
`PYTHONPATH=. python -m tests.ratings.nuts`. Prints, per study, the largest difference of centred
means in posterior sds and the largest ratio of sds, and both methods' seconds.
"""

import importlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.ratings.expectation_propagation import fit
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, Study, simulate

DRAWS, CHAINS = 20_000, 2


def sample(study: Study, margin: float) -> NDArray[np.float64]:
    """Draws (N, M) of centred skills from the exact posterior by NUTS."""
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    numpyro: Any = importlib.import_module("numpyro")
    infer: Any = importlib.import_module("numpyro.infer")
    log_ndtr = jax.scipy.special.log_ndtr
    counts = study.counts
    first, second, outcomes = counts.first, counts.second, counts.outcomes

    def model() -> None:
        z = numpyro.sample("z", numpyro.distributions.Normal(0, 1).expand([study.skill.size]))
        d = PRIOR_SD * (z[first] - z[second])
        up, down = (margin - d) / NOISE_SD, (-margin - d) / NOISE_SD
        band = log_ndtr(up) + jax.numpy.log1p(-jax.numpy.exp(log_ndtr(down) - log_ndtr(up)))
        log_p = outcomes[:, 0] * log_ndtr(-up) + outcomes[:, 1] * log_ndtr(down)
        numpyro.factor("battles", (log_p + outcomes[:, 2] * band).sum())

    sampler = infer.MCMC(
        infer.NUTS(model), num_warmup=1000, num_samples=DRAWS, num_chains=CHAINS,
        chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    sampler.run(jax.random.PRNGKey(0))
    skill = np.asarray(sampler.get_samples()["z"]) * PRIOR_SD
    return np.asarray(skill - skill.mean(axis=1, keepdims=True))


def main() -> None:
    """Compare on studies from very sparse to moderate."""
    for size, battles, margin in ((4, 12, 2.0), (6, 60, 2.0), (8, 300, 6.0), (12, 1000, 2.0)):
        study = simulate(7, size=size, battles=battles, margin=margin)
        fit(study.counts, draw_margin=margin)  # compiled before it is timed
        start = time.process_time()
        posterior = fit(study.counts, draw_margin=margin)
        ours = time.process_time() - start
        start = time.process_time()
        draws = sample(study, margin)
        theirs = time.process_time() - start
        sd = draws.std(axis=0)
        shift = np.abs(posterior.skill - draws.mean(axis=0)) / sd
        ratio = posterior.skill_sd / sd
        print(  # noqa: T201 (a report, run by hand)
            f"{size} models, {battles} battles: means within {shift.max():.4f} sd, "
            f"sds {ratio.min():.4f} to {ratio.max():.4f} of NUTS, {ours:.3f} s and {theirs:.1f} s"
        )


if __name__ == "__main__":
    main()
