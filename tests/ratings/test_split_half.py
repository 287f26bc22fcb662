"""Real votes split in halves, by raters and by prompts: intervals must not exclude each other.

Each half is a sample of its own people, or of its own prompts, so of intervals that mean what they
say few are apart. Votes: LLMFAO, 8,931 votes of 124 people on 13 prompts.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ratings.counts import PairCounts
from ratings.dependence import dependence_of, judges_of
from ratings.draw_margin import fit_draw_margin
from ratings.gaussian import NORMAL_975
from ratings.interval_basis import PARTICIPANTS_AND_ITEMS
from ratings.skewness import corrected
from ratings.summary import summarise

SPLITS = 5
DISJOINT_MAX = 0.08


@pytest.fixture(scope="module")
def votes(shared_data: Path) -> pd.DataFrame:
    rows = pd.read_csv(shared_data / "llmfao" / "crowd-comparisons.csv")
    return pd.DataFrame(
        {
            "participant_id": pd.factorize(rows.worker, sort=True)[0],
            "item_id": pd.factorize(rows.prompt, sort=True)[0],
            "model_a": rows.left,
            "model_b": rows.right,
            "win_a_count": (rows.winner == "left").astype(int),
            "win_b_count": (rows.winner == "right").astype(int),
            "tie_count": (rows.winner == "tie").astype(int),
        }
    )


def interval(votes: pd.DataFrame, *, is_shown: bool) -> pd.DataFrame:
    rows = pa.Table.from_pandas(votes, preserve_index=False)
    counts = PairCounts.from_arrow(rows)
    posterior = corrected(fit_draw_margin(counts), counts)
    if is_shown:
        found = dependence_of(posterior, judges_of(counts, rows, rows))
        assert found.basis == PARTICIPANTS_AND_ITEMS
        posterior = posterior.with_covariance(found.covariance)
    half = NORMAL_975 * posterior.skill_sd
    ends = {"lo": posterior.skill - half, "hi": posterior.skill + half}
    return pd.DataFrame(ends, index=posterior.model_ids)


def disjoint_share(votes: pd.DataFrame, by: str, *, is_shown: bool = True) -> float:
    shares = []
    for seed in range(SPLITS):
        known = np.random.default_rng(seed).permutation(votes[by].unique())
        is_first = votes[by].isin(known[: known.size // 2])
        one, other = (
            interval(votes[chosen], is_shown=is_shown) for chosen in (is_first, ~is_first)
        )
        both = one.join(other.add_suffix("_other"), how="inner")
        apart = (both.lo > both.hi_other) | (both.lo_other > both.hi)
        shares.append(float(apart.mean()))
    return float(np.mean(shares))


@pytest.mark.parametrize("by", ["participant_id", "item_id"])
def test_few_models_have_intervals_that_exclude_each_other(votes: pd.DataFrame, by: str) -> None:
    assert disjoint_share(votes, by) <= DISJOINT_MAX


def test_intervals_that_take_verdicts_as_independent_fail_it(votes: pd.DataFrame) -> None:
    assert disjoint_share(votes, "item_id", is_shown=False) > DISJOINT_MAX


def test_thirteen_prompts_leave_the_leader_open(votes: pd.DataFrame) -> None:
    rows = pa.Table.from_pandas(votes, preserve_index=False)
    counts = PairCounts.from_arrow(rows)
    posterior = corrected(fit_draw_margin(counts), counts)
    found = dependence_of(posterior, judges_of(counts, rows, rows))
    board = summarise(posterior.with_covariance(found.covariance), 0).to_pandas()
    leader = board.set_index("model_id").loc["GPT 4"]
    assert leader["rank"] == 1
    assert leader.rank_hi >= 8
    assert 0.5 < leader.p_best < 0.75
