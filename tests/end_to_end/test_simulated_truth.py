"""The truth of a simulated study lies where the boards say, through the whole pipeline.

With demographic effects off every stratum has the same truth, and 95% intervals cover 95% of it.
With effects on and a sample that is not like the population, the unweighted board misses the truth,
and the boards weighted to the census find it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.simulation.parameters import Parameters
from tests.end_to_end.skewed_sample import STUDY
from tests.end_to_end.truth import board_and_truth, covers

CANONICAL = ("trueskill_ep", "none")
MODELS = 14


def coverage(
    rows: list[dict[str, Any]], estimator: str, weighting: str, strata: tuple[str, ...] = ()
) -> float:
    """Share of true skills inside the 95% intervals of a kind of board."""
    inside = [
        covers(row)
        for row in rows
        if (row["estimator"], row["weighting"]) == (estimator, weighting)
        and (not strata or row["stratum_id"] in strata)
    ]
    assert len(inside) >= 28 * 5
    return float(np.mean(inside))


def test_without_effects_intervals_cover_the_truth(tmp_path: Path) -> None:
    alike = Parameters(
        participants=6_000, seed=11, model_count=MODELS, effects=0, low_effort_share=0
    )
    rows = board_and_truth(tmp_path, alike)
    canonical = [row for row in rows if (row["estimator"], row["weighting"]) == CANONICAL]
    # A few models met nobody of the smallest groups.
    assert len(canonical) > MODELS * 24 * 5
    assert 0.93 <= coverage(rows, *CANONICAL) <= 0.97


@pytest.mark.slow
def test_without_effects_intervals_cover_the_truth_at_humaines_size(tmp_path: Path) -> None:
    covered = [
        coverage(
            board_and_truth(tmp_path, Parameters(seed=seed, effects=0, low_effort_share=0)),
            *CANONICAL,
        )
        for seed in range(21, 27)
    ]
    assert 0.94 <= np.mean(covered) <= 0.96


def test_a_skewed_sample_misleads_unweighted_and_not_weighted(tmp_path: Path) -> None:
    rows = board_and_truth(tmp_path, STUDY)
    countries = ("US", "UK")
    assert coverage(rows, *CANONICAL, countries) < 0.8
    assert coverage(rows, *CANONICAL, ("all",)) < 0.8
    assert coverage(rows, "trueskill_ep", "plus_politics", countries) > 0.88
    assert coverage(rows, "trueskill_hierarchical", "census", countries) > 0.88
    pooled = "plus_politics_population_proportional"
    # 140 intervals of one study: its standard error is 0.03.
    assert coverage(rows, "trueskill_ep", pooled, ("all",)) >= 0.85
