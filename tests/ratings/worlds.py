"""Verdicts that no estimator's own model makes: heavy judges, tastes, prompts with effects."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa


class World(NamedTuple):
    """How verdicts come about.

    Skills are evenly apart by ``step``; ``taste`` and ``prompt``: sd of what a rater, and a prompt,
    add to every model, heavy-tailed (Student's t with four degrees of freedom); noise is logistic
    of sd about 1.8. Raters judge ``each`` verdicts on average, by a Pareto law.
    """

    models: int = 6
    raters: int = 40
    each: int = 30
    prompts: int = 20
    taste: float = 0.0
    prompt: float = 0.0
    step: float = 0.4
    margin: float = 0.5


def verdicts(world: World, seed: int) -> pa.Table:
    """A sample of new raters and prompts: participant_id, item_id, models and counts."""
    rng = np.random.default_rng(seed)
    skill = world.step * np.arange(world.models)
    share = rng.pareto(1.5, world.raters) + 0.2
    told = 1 + rng.multinomial(world.raters * world.each, share / share.sum())
    who = np.repeat(np.arange(world.raters), told)
    item = rng.integers(0, world.prompts, who.size)
    tastes = world.taste * rng.standard_t(4, (world.raters, world.models)) / np.sqrt(2)
    effects = world.prompt * rng.standard_t(4, (world.prompts, world.models)) / np.sqrt(2)
    a = rng.integers(0, world.models, who.size)
    b = (a + rng.integers(1, world.models, who.size)) % world.models
    gap = skill[a] - skill[b] + tastes[who, a] - tastes[who, b]
    gap += effects[item, a] - effects[item, b] + rng.logistic(0.0, 1.0, who.size)
    names = np.array([f"model-{k}" for k in range(world.models)])
    return pa.table(
        {
            "participant_id": who,
            "item_id": item,
            "model_a": names[a],
            "model_b": names[b],
            "win_a_count": (gap > world.margin).astype(np.int64),
            "win_b_count": (gap < -world.margin).astype(np.int64),
            "tie_count": (np.abs(gap) <= world.margin).astype(np.int64),
        }
    )
