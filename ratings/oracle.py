"""The compiled online ratings beside the `trueskill` package, on this very machine."""

from __future__ import annotations

import numpy as np

from ratings.online import replay

BATTLES = 1_000
MODELS = 10
SEED = 1
A, TIE = 0, 2
TOLERANCE = 1e-9


def largest_difference() -> float:
    """Largest difference of a mean or sd after BATTLES seeded battles, ties among them.

    Both begin at TrueSkill's defaults (mu 25, sigma 25/3, beta 25/6) without drift.
    """
    import trueskill

    generator = np.random.Generator(np.random.PCG64(SEED))
    first = generator.integers(0, MODELS, BATTLES)
    second = (first + generator.integers(1, MODELS, BATTLES)) % MODELS
    outcome = generator.integers(0, 3, BATTLES)
    ties = float((outcome == TIE).mean())
    ours = replay(MODELS, first, second, outcome, draw_probability=ties)
    environment = trueskill.TrueSkill(draw_probability=ties, tau=0.0)
    theirs = [environment.create_rating() for _ in range(MODELS)]
    for one, other, said in zip(first.tolist(), second.tolist(), outcome.tolist(), strict=True):
        winner, loser = (one, other) if said in {A, TIE} else (other, one)
        theirs[winner], theirs[loser] = trueskill.rate_1vs1(
            theirs[winner], theirs[loser], drawn=said == TIE, env=environment
        )
    mean = np.array([rating.mu for rating in theirs])
    sd = np.array([rating.sigma for rating in theirs])
    return float(max(np.abs(ours.mean - mean).max(), np.abs(ours.sd - sd).max()))
