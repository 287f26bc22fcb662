"""Small studies for an outside sampler: `python -m tests.oracle.cases > cases.json`.

One form for flat and hierarchical ones: a row's difference is the sum of some effects less the sum
of others, an effect being a model's common skill or what a group adds to it.
"""

import json
import sys
from typing import Any

import numpy as np

from ratings.counts import CellCounts
from tests.ratings.simulation import NOISE_SD, PRIOR_SD, Society, simulate, simulate_society

FLAT = ((4, 12, 2.0), (6, 60, 2.0), (8, 300, 6.0), (12, 1000, 2.0))
# Four models that know each other, and a fifth: its wins and losses against each, its opponents.
FIFTH = ((0, 3, 4), (0, 30, 4), (1, 0, 1), (1, 0, 3), (1000, 0, 3))
TAU = (1.2, 0.5)
# As far apart as language models are, and as far as the prior says: there one model loses always.
SKILL_SDS = (3.0, PRIOR_SD)


def flat(size: int, battles: int, margin: float) -> dict[str, Any]:
    """From very sparse to moderate."""
    counts = simulate(7, size=size, battles=battles, margin=margin).counts
    return {
        "name": f"{size} models, {battles} battles, margin {margin:g}",
        "margin": margin,
        "noise_sd": float(NOISE_SD),
        "prior_sd": [PRIOR_SD] * size,
        "plus": [[int(i)] for i in counts.first],
        "minus": [[int(j)] for j in counts.second],
        "counts": counts.outcomes.tolist(),
        "shares": [1.0],
    }


def one_sided(wins: int, losses: int, opponents: int) -> dict[str, Any]:
    """A fifth model that always loses or always wins; of its skill only one end is known."""
    first, second = np.triu_indices(4, 1)
    others = np.arange(opponents)
    plus, minus = np.append(first, others), np.append(second, np.full(opponents, 4))
    counts = np.array([[6.0, 3.0, 1.0]] * first.size + [[losses, wins, 0.0]] * opponents)
    return {
        "name": f"a fifth model wins {wins} and loses {losses} against each of {opponents}",
        "margin": 2.0,
        "noise_sd": float(NOISE_SD),
        "prior_sd": [PRIOR_SD] * 5,
        "plus": [[int(i)] for i in plus],
        "minus": [[int(j)] for j in minus],
        "counts": counts.tolist(),
        "shares": [1.0],
    }


def society_of(sd: float) -> Society:
    """Five models whose skills have that sd, judged by six cells of people."""
    return simulate_society(3, battles=500, size=5, tau=TAU, groups=(3, 2), sd=sd)


def hierarchical(sd: float) -> dict[str, Any]:
    """Groups of two axes on top, their spread held."""
    society = society_of(sd)
    counts = CellCounts.from_arrow(society.table, society.axes)
    blocks = [[0, *(counts.cell_effects[cell] + 1).tolist()] for cell in counts.cell]
    scale = [PRIOR_SD, *(TAU[axis] for axis in counts.axis_of_effect)]
    return {
        "name": f"5 models in 6 cells, 500 battles, skills {sd:.3g} apart",
        "skill_sd": sd,
        "margin": 3.0,
        "noise_sd": float(NOISE_SD),
        "prior_sd": np.repeat(scale, 5).tolist(),
        "plus": [
            [b * 5 + int(i) for b in row] for row, i in zip(blocks, counts.first, strict=True)
        ],
        "minus": [
            [b * 5 + int(j) for b in row] for row, j in zip(blocks, counts.second, strict=True)
        ],
        "counts": counts.outcomes.tolist(),
        "shares": [1.0, *(society.shares[effect] for effect in counts.effects)],
    }


if __name__ == "__main__":
    studies = [flat(*case) for case in FLAT]
    studies += [one_sided(*case) for case in FIFTH]
    studies += [hierarchical(sd) for sd in SKILL_SDS]
    json.dump(studies, sys.stdout)
