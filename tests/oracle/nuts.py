"""The exact posterior of small studies by NUTS: `make oracle` writes tests/oracle/nuts.json.

Runs in an environment of its own (`make setup-oracle`), with numpyro and without the project:
cases in, the same cases with the sampler's means and sds of the centred skills out, and how sure it
is of them. Source of the sampler: Hoffman and Gelman 2014; numpyro (Phan, Pradhan, Jankowiak 2019).
"""

import importlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARMUP, DRAWS, CHAINS = 1_000, 20_000, 4


def sample(case: dict[str, Any]) -> tuple[NDArray[np.float64], float]:
    """Draws (chains, draws, M) of the board's centred skills, and the smallest effective size."""
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    numpyro: Any = importlib.import_module("numpyro")
    infer: Any = importlib.import_module("numpyro.infer")
    scale = np.array(case["prior_sd"])
    design = np.zeros((len(case["counts"]), scale.size))
    for row, (plus, minus) in enumerate(zip(case["plus"], case["minus"], strict=True)):
        design[row, plus] += 1.0
        design[row, minus] -= 1.0
    design *= scale
    counts, margin, noise = np.array(case["counts"]), case["margin"], case["noise_sd"]
    log_ndtr = jax.scipy.special.log_ndtr

    def model() -> None:
        z = numpyro.sample("z", numpyro.distributions.Normal(0, 1).expand([scale.size]))
        d = design @ z
        up, down = (margin - d) / noise, (-margin - d) / noise
        band = log_ndtr(up) + jax.numpy.log1p(-jax.numpy.exp(log_ndtr(down) - log_ndtr(up)))
        log_p = counts[:, 0] * log_ndtr(-up) + counts[:, 1] * log_ndtr(down) + counts[:, 2] * band
        numpyro.factor("battles", log_p.sum())

    sampler = infer.MCMC(
        infer.NUTS(model), num_warmup=WARMUP, num_samples=DRAWS, num_chains=CHAINS,
        chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    sampler.run(jax.random.PRNGKey(0))
    draws = np.asarray(sampler.get_samples(group_by_chain=True)["z"]) * scale
    shares = np.array(case["shares"])
    size = scale.size // shares.size
    skill = (draws.reshape(CHAINS, DRAWS, shares.size, size) * shares[:, None]).sum(axis=2)
    skill -= skill.mean(axis=-1, keepdims=True)
    diagnostics: Any = importlib.import_module("numpyro.diagnostics")
    return skill, float(diagnostics.effective_sample_size(skill).min())


def main(source: Path, target: Path) -> None:
    """Sample every case."""
    versions = {name: importlib.metadata.version(name) for name in ("numpyro", "jax")}
    cases = json.loads(source.read_text(encoding="utf-8"))
    for case in cases:
        skill, effective = sample(case)
        case["effective_draws"] = round(effective)
        case["mean"] = [round(float(x), 5) for x in skill.mean(axis=(0, 1))]
        case["sd"] = [round(float(x), 5) for x in skill.std(axis=(0, 1))]
    document = {"made_by": {**versions, "draws": DRAWS * CHAINS}, "cases": cases}
    target.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
