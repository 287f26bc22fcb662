"""CPU seconds of peers that `make setup-witness` installs: `peers.py arena|nuts COUNTS.npz`.

Runs in an environment of its own, without the project; the benchmark of the ratings calls it. What
is compiled is compiled before the clock starts.
"""

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARMUP, DRAWS = 200, 200
Counts = dict[str, NDArray[np.float64]]


def arena(counts: Counts) -> Callable[[int], object]:
    """arena-rank's Bradley-Terry with sandwich intervals; a battle's outcome is 1, 0 or 1/2."""
    models: Any = importlib.import_module("arena_rank.models.bradley_terry")
    data: Any = importlib.import_module("arena_rank.utils.data_utils")
    jnp: Any = importlib.import_module("jax.numpy")
    size = int(counts["second"].max()) + 1
    pairs = np.column_stack((counts["first"], counts["second"])).astype(np.int32)
    times = counts["outcomes"].T.ravel()
    said = np.repeat([1.0, 0.0, 0.5], len(pairs))
    dataset = data.PairDataset(
        competitors=[str(k) for k in range(size)],
        pairs=jnp.array(np.tile(pairs, (3, 1))),
        outcomes=jnp.array(said),
        counts=jnp.array(times),
        weights=jnp.ones(times.size),
        opt_weights=jnp.array(times),
    )

    def run(_seed: int) -> object:
        rated = models.BradleyTerry(n_competitors=size).compute_ratings_and_cis(dataset)
        return np.asarray(rated["rating_upper"])

    return run


def nuts(counts: Counts) -> Callable[[int], object]:
    """The hierarchical model with numpyro: tau per axis half-normal, draw margin log-normal."""
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    numpyro: Any = importlib.import_module("numpyro")
    infer: Any = importlib.import_module("numpyro.infer")
    of, jnp, log_ndtr = numpyro.distributions, jax.numpy, jax.scipy.special.log_ndtr
    blocks, axis = counts["blocks"].astype(int), counts["axis"].astype(int)
    first, second, outcomes = counts["first"], counts["second"], counts["outcomes"]
    size, noise = int(second.max()) + 1, float(counts["noise"])

    def model() -> None:
        theta = numpyro.sample("theta", of.Normal(0, float(counts["prior"])).expand([1, size]))
        tau = numpyro.sample("tau", of.HalfNormal(2.0).expand([int(axis.max()) + 1]))
        z = numpyro.sample("z", of.Normal(0, 1).expand([axis.size, size]))
        margin = numpyro.sample("margin", of.LogNormal(1.0, 1.0))
        skill = jnp.concatenate((theta, tau[axis][:, None] * z))[blocks].sum(axis=1)
        rows = jnp.arange(first.size)
        d = skill[rows, first] - skill[rows, second]
        up, down = (margin - d) / noise, (-margin - d) / noise
        band = log_ndtr(up) + jnp.log1p(-jnp.exp(log_ndtr(down) - log_ndtr(up)))
        log_p = outcomes[:, 0] * log_ndtr(-up) + outcomes[:, 1] * log_ndtr(down)
        numpyro.factor("battles", (log_p + outcomes[:, 2] * band).sum())

    sampler = infer.MCMC(
        infer.NUTS(model), num_warmup=WARMUP, num_samples=DRAWS, progress_bar=False
    )

    def run(seed: int) -> object:
        sampler.run(jax.random.PRNGKey(seed))
        return np.asarray(sampler.get_samples()["theta"])

    return run


def main(peer: str, path: str) -> None:
    """Print the CPU seconds of one run after another that is not counted."""
    with np.load(path) as file:
        counts = {name: file[name] for name in file.files}
    run = {"arena": arena, "nuts": nuts}[peer](counts)
    run(0)
    start = time.process_time()
    run(0)
    print(time.process_time() - start)  # noqa: T201 (its only output, read by the benchmark)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
