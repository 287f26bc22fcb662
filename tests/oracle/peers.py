"""CPU seconds of peers that `make setup-oracle` installs: `peers.py arena|nuts COUNTS.npz`.

Runs in an environment of its own, without the project; the benchmarks of the ratings call it and
read the JSON that it prints. What is compiled is compiled before the clock starts.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARMUP, DRAWS = 500, 1_000
Counts = dict[str, NDArray[np.float64]]
# What a run is worth, beside its CPU seconds.
Found = dict[str, Any]


def arena(counts: Counts) -> Callable[[], Found]:
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

    def run() -> Found:
        models.BradleyTerry(n_competitors=size).compute_ratings_and_cis(dataset)
        return {}

    return run


def nuts(counts: Counts) -> Callable[[], Found]:
    """The hierarchical model with numpyro: tau per axis half-normal, draw margin log-normal.

    Found: mean and sd of the census board's centred skills, and how many independent draws the
    worst of them is worth (``effective_draws``) of those that were made after warming up.
    """
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

    def run() -> Found:
        sampler.run(jax.random.PRNGKey(0))
        got = {name: np.asarray(some) for name, some in sampler.get_samples().items()}
        effect = got["tau"][:, axis, None] * got["z"]
        board = got["theta"][:, 0] + (counts["share"][:, None] * effect).sum(axis=1)
        board -= board.mean(axis=1, keepdims=True)
        diagnostics: Any = importlib.import_module("numpyro.diagnostics")
        effective = float(diagnostics.effective_sample_size(board[None]).min())
        mean, sd = board.mean(axis=0).tolist(), board.std(axis=0).tolist()
        return {"draws": DRAWS, "effective_draws": effective, "mean": mean, "sd": sd}

    return run


def main(peer: str, path: str) -> None:
    """Print what is found by one run after another that is not counted."""
    with np.load(path) as file:
        counts = {name: file[name] for name in file.files}
    run = {"arena": arena, "nuts": nuts}[peer](counts)
    run()
    start = time.process_time()
    found = run()
    print(json.dumps({"cpu": time.process_time() - start, **found}))  # noqa: T201 (its output)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
