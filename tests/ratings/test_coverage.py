"""Do 95% intervals cover the truth 95% of the time? Simulated with the prior that is assumed."""

import numpy as np
import pytest

from orchestration.ratings.draw_margin import equal_skill_margin, fit_draw_margin
from orchestration.ratings.expectation_propagation import fit
from orchestration.ratings.posterior import Posterior
from orchestration.ratings.summary import NORMAL_975
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
