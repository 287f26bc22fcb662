"""How the sample differs from the population: who comes more readily to a study on the web.

The directions are those seen on online panels: the young, the educated and the left of centre are
over-represented. A group not named here comes as the population does, so a new country or group
is sampled fairly until somebody says otherwise.

What stays out: drawing participants (sample.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ingestion.simulation.population import Country, FloatArray, Margin, cell_shares

# Log odds of taking part, relative to a group that is not named.
TILTS: Mapping[str, Mapping[str, float]] = {
    "age": {"18-34": 0.7, "35-54": 0.2, "55+": -1.0},
    "ethnicity": {"Asian": 0.4, "Black": -0.3},
    "politics": {
        "Democrat": 0.4,
        "Republican": -0.4,
        "Labour": 0.2,
        "Liberal Democrat": 0.2,
        "Green": 0.5,
        "Conservative": -0.4,
        "Reform UK": -0.5,
    },
    "education": {
        "Bachelor's or higher": 0.7,
        "Less than high school": -0.9,
        "High school graduate": -0.5,
        "Level 4 qualifications or above": 0.7,
        "No qualifications": -0.9,
        "Level 1 and entry level qualifications": -0.5,
    },
}


def sample_weights(margin: Margin, skew: float) -> FloatArray:
    """Shares of a margin's groups among participants; the population's where `skew` is 0."""
    tilts = TILTS.get(margin.axis, {})
    tilt = np.array([tilts.get(group, 0.0) for group in margin.groups])
    weights = margin.weights * np.exp(skew * tilt)
    return np.asarray(weights / weights.sum())


def sample_cell_shares(country: Country, skew: float) -> FloatArray:
    """Shares of a country's cells among its participants."""
    return cell_shares(tuple(sample_weights(margin, skew) for margin in country.strata))
