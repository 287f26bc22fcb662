"""Real votes: another library's scores for them, and a board of 1.7 million."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import kendalltau

from ratings.bradley_terry import fit_bradley_terry
from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.summary import summarise


@pytest.fixture(scope="session")
def llmfao(shared_data: Path) -> PairCounts:
    votes = pd.read_csv(shared_data / "llmfao" / "crowd-comparisons.csv")
    table = pa.table(
        {
            "model_a": votes.left.to_numpy(),
            "model_b": votes.right.to_numpy(),
            "win_a_count": (votes.winner == "left").astype(int).to_numpy(),
            "win_b_count": (votes.winner == "right").astype(int).to_numpy(),
            "tie_count": (votes.winner == "tie").astype(int).to_numpy(),
        }
    )
    return PairCounts.from_arrow(table)


@pytest.fixture(scope="session")
def arena(shared_data: Path) -> PairCounts:
    frame = pd.read_csv(shared_data / "arena_counts" / "pair_counts.csv")
    frame["tie_count"] = frame.tie + frame.tie_both_bad
    frame = frame.rename(columns={"wins_a": "win_a_count", "wins_b": "win_b_count"})
    return PairCounts.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


@pytest.fixture(scope="session")
def golden(shared_data: Path) -> pd.Series:
    scores = pd.read_csv(shared_data / "llmfao" / "llmfao-golden.csv")
    return scores[scores.algorithm == "bradley_terry"].set_index("item").score


def test_llmfao_agrees_with_another_librarys_bradley_terry(
    llmfao: PairCounts, golden: pd.Series
) -> None:
    assert llmfao.battle_total == 8931
    board = summarise(fit_draw_margin(llmfao), 0).to_pandas().set_index("model_id")
    assert set(board.index) == set(golden.index)
    assert kendalltau(board.skill, golden.loc[board.index]).statistic >= 0.97
    assert board["rank"].idxmin() == "GPT 4"


def test_our_bradley_terry_agrees_too(llmfao: PairCounts, golden: pd.Series) -> None:
    ours = pd.Series(fit_bradley_terry(llmfao).mean, llmfao.model_ids)
    assert kendalltau(ours, golden.loc[ours.index]).statistic >= 0.97


def test_the_arena_converges(arena: PairCounts) -> None:
    assert len(arena.model_ids) == 129
    assert arena.battle_total == 1_670_250
    posterior = fit_draw_margin(arena)
    assert posterior.converged
    assert arena.component_count == 1
    assert (posterior.skill_sd > 0).all()
    assert np.linalg.eigvalsh(posterior.covariance).min() > 0


def circles(counts: PairCounts, net: NDArray[np.float64]) -> tuple[int, int]:
    """Triads of models that go in a circle, and all whose three pairs have a majority."""
    size = len(counts.model_ids)
    beats = np.zeros((size, size))
    beats[counts.first[net > 0], counts.second[net > 0]] = 1.0
    beats[counts.second[net < 0], counts.first[net < 0]] = 1.0
    either = beats + beats.T
    return round(float(np.trace(beats @ beats @ beats)) / 3.0), round(
        float(np.trace(either @ either @ either)) / 6.0
    )


def test_circles_are_as_many_as_arenakit_finds_and_expects(llmfao: PairCounts) -> None:
    # arenakit 0.1.1 (MIT): "510 of 5249 decided triads are cyclic (9.7%); the fitted model produces
    # 6.8% on the same comparison budget".
    assert circles(llmfao, llmfao.win_first - llmfao.win_second) == (510, 5249)
    posterior = fit_draw_margin(llmfao, is_spread_learnt=True)
    d = posterior.mean[llmfao.first] - posterior.mean[llmfao.second]
    root, margin = np.sqrt(posterior.prior.noise), posterior.draw_margin
    chance = np.column_stack((ndtr((d - margin) / root), ndtr((-d - margin) / root)))
    chance = np.column_stack((chance, 1.0 - chance.sum(axis=1)))
    rng = np.random.default_rng(1)
    battles = llmfao.outcomes.sum(axis=1).astype(int)
    shares = []
    for _ in range(40):
        drawn = rng.multinomial(battles, chance)
        cyclic, decided = circles(llmfao, drawn[:, 0].astype(float) - drawn[:, 1])
        shares.append(cyclic / decided)
    assert np.mean(shares) == pytest.approx(0.068, abs=0.01)
