"""Do 95% intervals cover the truth 95% of the time? Simulated with the prior that is assumed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ratings.counts import PairCounts
from ratings.draw_margin import equal_skill_margin, fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.gaussian import NORMAL_975
from ratings.posterior import Posterior
from ratings.skewness import corrected
from tests.ratings.simulation import Study, margin_for, simulate


def covered(posterior: Posterior, study: Study) -> float:
    error = np.abs(posterior.skill - study.centred)
    return float((error <= NORMAL_975 * posterior.skill_sd).mean())


@pytest.mark.parametrize("battles", [500, 3000, 30_000])
@pytest.mark.parametrize("share", [0.10, 0.65])
def test_intervals_cover_what_they_say(share: float, battles: int) -> None:
    margin = margin_for(share)
    studies = [simulate(1000 + s, size=20, battles=battles, margin=margin) for s in range(150)]
    rate = np.mean([covered(fit_draw_margin(study.counts), study) for study in studies])
    assert 0.93 <= rate <= 0.97


def test_the_equal_skill_margin_fails_where_ties_are_common() -> None:
    studies = [simulate(s, size=20, battles=30_000, margin=margin_for(0.65)) for s in range(20)]
    naive = [
        fit(study.counts, draw_margin=equal_skill_margin(study.counts.tie_share))
        for study in studies
    ]
    rate = np.mean([covered(p, study) for p, study in zip(naive, studies, strict=True)])
    assert rate < 0.5


def never_won_or_never_lost(counts: PairCounts) -> NDArray[np.bool_]:
    """Models whose skill is known from one side alone (M)."""
    above, below = np.zeros((2, len(counts.model_ids)))
    np.add.at(above, counts.first, counts.win_first + counts.tie)
    np.add.at(above, counts.second, counts.win_second + counts.tie)
    np.add.at(below, counts.first, counts.win_second + counts.tie)
    np.add.at(below, counts.second, counts.win_first + counts.tie)
    one_sided: NDArray[np.bool_] = (above == 0) | (below == 0)
    return one_sided & (counts.battles_per_model > 0)


def test_intervals_cover_models_that_never_won_or_never_lost() -> None:
    z: list[list[float]] = [[], []]
    for seed in range(400):
        study = simulate(seed, size=5, battles=40)
        one_sided = never_won_or_never_lost(study.counts)
        fitted = fit_draw_margin(study.counts)
        for some, posterior in zip(z, (fitted, corrected(fitted, study.counts)), strict=True):
            some.extend(((posterior.skill - study.centred) / posterior.skill_sd)[one_sided])
    assert len(z[1]) > 200
    before, after = (float((np.abs(some) < NORMAL_975).mean()) for some in z)
    assert before < after
    assert after == pytest.approx(0.95, abs=0.03)
    before, after = (float(np.mean(np.square(some))) for some in z)
    assert abs(after - 1) < 0.5 * abs(before - 1)
