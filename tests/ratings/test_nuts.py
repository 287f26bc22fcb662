"""Posteriors beside a sampler of the exact one, whose figures `make oracle` makes.

The figures are numpyro's, in tests/oracle/nuts.json with the versions that made them and the
counts they are of; nothing of ours went into them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ratings.counts import CellCounts, PairCounts
from ratings.expectation_propagation import fit
from ratings.hierarchical import fit_hierarchical
from ratings.posterior import Posterior
from ratings.skewness import corrected, corrected_hierarchy
from tests.oracle.cases import TAU, society_of
from tests.ratings.simulation import model_ids

PATH = Path(__file__).parents[1] / "oracle" / "nuts.json"
CASES: list[dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))["cases"]


def fitted(case: dict[str, Any]) -> Posterior:
    if len(case["shares"]) > 1:
        society = society_of(case["skill_sd"])
        counts = CellCounts.from_arrow(society.table, society.axes)
        np.testing.assert_array_equal(counts.outcomes, case["counts"])
        hierarchy = fit_hierarchical(counts, tau=np.array(TAU), draw_margin=case["margin"])
        return corrected_hierarchy(hierarchy, counts).board(society.shares)
    first, second = (np.array(case[side])[:, 0] for side in ("plus", "minus"))
    outcomes = np.array(case["counts"]).T
    pairs = PairCounts.from_indices(model_ids(len(case["prior_sd"])), first, second, *outcomes)
    return corrected(fit(pairs, draw_margin=case["margin"]), pairs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_means_and_sds_are_the_samplers(case: dict[str, Any]) -> None:
    posterior = fitted(case)
    mean, sd = np.array(case["mean"]), np.array(case["sd"])
    # What the sampler itself leaves open of a mean, in sd; of an sd still less.
    assert 4 / np.sqrt(case["effective_draws"]) < 0.03
    assert (np.abs(posterior.skill - mean) / sd).max() < 0.03
    assert np.abs(posterior.skill_sd / sd - 1).max() < 0.06
