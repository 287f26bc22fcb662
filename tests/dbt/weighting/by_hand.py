"""Weights as numpy makes them from levels and seeds: an oracle that shares no code with the models.

What stays out: what it is compared with (test_models.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import least_squares

from tests.dbt.weighting.project import PARTICIPANT_LEVELS, Project


def raked_by_hand(
    project: Project, country: str, scheme: str, bounds: tuple[float, float] | None
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

    if bounds is None:
        rake(weights)
    else:
        weights = _bounded(groups, len(people), *bounds)
    return dict(zip(people, weights, strict=True))


def _bounded(groups: list[Any], size: int, lower: float, upper: float) -> Any:
    """The weights within bounds that meet every margin and are nearest to 1: scipy's root."""
    design = np.array([here for here, _ in groups], dtype=float)
    targets = np.array([share for _, share in groups]) * size
    slope = (upper - lower) / ((1 - lower) * (upper - 1))

    def weights_at(multipliers: Any) -> Any:
        odds = (1 - lower) * np.exp(slope * multipliers @ design)
        return (lower * (upper - 1) + upper * odds) / (upper - 1 + odds)

    def error(multipliers: Any) -> Any:
        return design @ weights_at(multipliers) - targets

    found = least_squares(
        error,
        np.zeros(len(groups)),
        xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    return weights_at(found.x)
