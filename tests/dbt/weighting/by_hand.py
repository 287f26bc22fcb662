"""Weights as numpy makes them from levels and seeds: an oracle that shares no code with the models.

What stays out: what it is compared with (test_models.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.dbt.weighting.project import PARTICIPANT_LEVELS, Project


def raked_by_hand(
    project: Project, country: str, scheme: str, trim: tuple[float, float] | None
) -> dict[str, float]:
    """Everybody's weight; right where no level is collapsed and no target is empty."""
    margins = project.query(f"""
        select variable from seeds.seed_weighting_margins
        where country = '{country}' and scheme = '{scheme}' order by margin
    """)
    people = [
        row[0]
        for row in project.query(f"""
            select participant_key from int_participants__with_verdicts
            where country = '{country}' order by participant_key
        """)
    ]
    groups = []
    for (variable,) in margins:
        said = dict(
            project.query(f"""
                select participant_key, level from {PARTICIPANT_LEVELS}
                where country = '{country}' and variable = '{variable}'
            """)
        )
        shares = {
            row["level"]: float(row["share"])
            for row in project.seed("seed_targets")
            if (row["country"], row["variable"]) == (country, variable)
        }
        levels = np.array([said[key] for key in people])
        known = np.isin(levels, list(shares)).mean()
        for name in sorted(set(levels)):
            here = levels == name
            groups.append((here, shares[name] * known if name in shares else here.mean()))
    weights = np.ones(len(people))

    def rake(weights: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        for _ in range(200):
            for here, share in groups:
                weights[here] *= share * len(weights) / weights[here].sum()

    rake(weights)
    while trim is not None:
        outside = (weights < trim[0]) | (weights > trim[1])
        if not outside.any():
            rake(weights)
            break
        clipped = np.clip(weights, *trim)
        clipped[~outside] += (weights.sum() - clipped.sum()) / (~outside).sum()
        # At the bound is not outside it.
        weights = np.where(np.isclose(clipped, trim[0], atol=1e-12), trim[0], clipped)
        weights = np.where(np.isclose(weights, trim[1], atol=1e-12), trim[1], weights)
    return dict(zip(people, weights, strict=True))
