"""Groups that tie differently: each board's intervals hold, however readily its people tie."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from ratings.counts import PairCounts, ParticipantCounts
from ratings.draw_margin import expected_ties, fit_draw_margin
from ratings.expectation_propagation import fit
from ratings.own_margin import PSEUDO_BATTLES, fit_own_margin
from ratings.posterior import Posterior
from ratings.sandwich import sandwich
from ratings.tournaments import rate_weighted
from tests.ratings.simulation import NOISE_SD, count, margin_for, model_ids, outcome_of, simulate

TIES = {"young": 0.22, "middle": 0.35, "old": 0.54}
CENSUS = {"young": 0.3, "middle": 0.4, "old": 0.3}
SD = 5.0


def world(seed: int, *, raters: int = 150, size: int = 12) -> tuple[pa.Table, NDArray[np.float64]]:
    """One row per verdict of people whose groups tie by TIES, and the skills behind them.

    Few people give most verdicts; each leans a little to ties or away from them, which no model
    here knows.
    """
    rng = np.random.default_rng(seed)
    skill = rng.uniform(-1.0, 1.0, size) * SD * np.sqrt(3.0)
    parts = []
    for group, share in TIES.items():
        each = np.minimum(np.ceil(rng.lognormal(1.5, 1.0, raters)), 60).astype(int)
        who = np.repeat(np.arange(raters), each)
        lean = np.exp(rng.normal(0.0, 0.15, raters))[who]
        a = rng.integers(0, size, who.size)
        b = (a + rng.integers(1, size, who.size)) % size
        d = skill[a] - skill[b] + rng.normal(0.0, NOISE_SD, who.size)
        outcome = np.where(np.abs(d) < lean * margin_for(share, SD), 2, np.where(d > 0, 0, 1))
        # Equal people of a group, whose verdicts together weigh what the census says.
        weight = CENSUS[group] * 1e6 / who.size
        columns = {
            "group": [group] * who.size,
            "participant_id": [f"{group}-{k}" for k in who],
            "model_a": [f"model-{k:03d}" for k in a],
            "model_b": [f"model-{k:03d}" for k in b],
            "win_a_count": weight * (outcome == 0),
            "win_b_count": weight * (outcome == 1),
            "tie_count": weight * (outcome == 2),
            "battle_count": np.ones(who.size, dtype=np.int64),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts), skill - skill.mean()


def unweighted(table: pa.Table) -> ParticipantCounts:
    frame = table.to_pandas()
    for name in ("win_a_count", "win_b_count", "tie_count"):
        frame[name] = (frame[name] > 0).astype(float)
    return ParticipantCounts.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


def judged_by_all(skill: NDArray[np.float64], shares: dict[str, float]) -> NDArray[np.float64]:
    """Skills that a million verdicts on every pair would give, of people in these shares."""
    size = skill.size
    first, second = np.triu_indices(size, 1)
    leans = np.exp(0.15 * norm.ppf((np.arange(20) + 0.5) / 20.0))
    outcomes = np.zeros((3, first.size))
    for group, share in shares.items():
        for margin in leans * margin_for(TIES[group], SD):
            d = skill[first] - skill[second]
            wins, losses = (norm.cdf((s * d - margin) / NOISE_SD) for s in (1.0, -1.0))
            outcomes += share / leans.size * np.stack((wins, losses, 1.0 - wins - losses))
    counts = PairCounts.from_indices(model_ids(size), first, second, *(1e6 * outcomes))
    return fit_draw_margin(counts).skill


def covered(posterior: Posterior, truth: NDArray[np.float64]) -> float:
    return float((np.abs(posterior.skill - truth) < 1.96 * posterior.skill_sd).mean())


def coverages(seeds: int, **kwargs: int) -> dict[str, list[float]]:
    """Per board the share of models covered: of groups, and weighted; ``: common`` as it was."""
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        table, truth = world(seed, **kwargs)
        anchor = fit_draw_margin(unweighted(table).counts, is_spread_learnt=True)
        for group in TIES:
            of_group = judged_by_all(truth, {group: 1.0})
            people = unweighted(table.filter(pc.field("group") == group))
            common = fit(people.counts, draw_margin=anchor.draw_margin, prior=anchor.prior)
            for name, one in (
                (group, fit_own_margin(anchor, people.counts)), (f"{group}: common", common),
            ):  # fmt: skip
                shown = one.with_covariance(sandwich(one, people).interval_covariance)
                found.setdefault(name, []).append(covered(shown, of_group))
        whole = rate_weighted("census", "all", "overall", table, {"overall": anchor})
        shown = whole.shown
        found.setdefault("weighted", []).append(covered(shown, judged_by_all(truth, CENSUS)))
    return found


@pytest.mark.slow
def test_intervals_hold_where_groups_tie_unlike_each_other() -> None:
    found = {name: np.mean(each) for name, each in coverages(120).items()}
    for name in (*TIES, "weighted"):
        assert 0.93 <= found[name] <= 0.975, (name, found[name])
    assert found["young: common"] < 0.9
    assert found["old: common"] < 0.9


def test_own_margins_repair_what_a_common_one_breaks() -> None:
    found = {name: np.mean(each) for name, each in coverages(20, raters=200).items()}
    for name in (*TIES, "weighted"):
        assert 0.91 <= found[name] <= 0.99, (name, found[name])
    assert found["old: common"] < 0.88


def test_few_battles_keep_everybodys_margin_and_many_have_their_own() -> None:
    anchor = fit_draw_margin(simulate(1, battles=5000, margin=margin_for(0.3)).counts)
    own = margin_for(0.6)
    fits = [
        fit_own_margin(anchor, simulate(2, battles=battles, margin=own).counts)
        for battles in (1, 30, 1000, 30_000)
    ]
    assert all(one.converged for one in fits)
    margins = [one.draw_margin for one in fits]
    assert margins == sorted(margins)
    assert margins[0] == pytest.approx(anchor.draw_margin, rel=0.1)
    assert margins[-1] == pytest.approx(own, rel=0.03)


def test_a_board_without_ties_is_not_certain_that_nobody_ties() -> None:
    anchor = fit_draw_margin(simulate(1, battles=5000, margin=margin_for(0.3)).counts)
    none = np.zeros(1)
    counts = PairCounts.from_indices(
        model_ids(2), np.array([0]), np.array([1]), none + 3, none + 2, none
    )
    posterior = fit_own_margin(anchor, counts)
    assert 0.5 * anchor.draw_margin < posterior.draw_margin < anchor.draw_margin


def test_no_battles_have_everybodys_margin() -> None:
    anchor = fit_draw_margin(simulate(1).counts)
    index = np.empty(0, dtype=np.int64)
    posterior = fit_own_margin(anchor, count(4, index, index, index))
    assert posterior.draw_margin == anchor.draw_margin
    assert posterior.converged


def test_ties_expected_are_those_seen_and_the_pseudo_battles() -> None:
    anchor = fit_draw_margin(simulate(1, battles=5000, margin=2.0).counts)
    counts = simulate(3, size=8, battles=200, margin=6.0).counts
    posterior = fit_own_margin(anchor, counts)
    mean, variance = counts.differences.marginals(posterior.mean, posterior.covariance)
    battles = counts.outcomes.sum(axis=1)

    def share(margin: float) -> float:
        ties, _ = expected_ties(mean, variance, battles, margin, NOISE_SD**2)
        return ties / float(battles.sum())

    wanted = counts.tie_share * 200 + PSEUDO_BATTLES * share(anchor.draw_margin)
    assert share(posterior.draw_margin) == pytest.approx(wanted / (200 + PSEUDO_BATTLES), abs=1e-8)


def test_it_is_the_margin_of_its_own_ties_in_the_limit() -> None:
    rng = np.random.default_rng(1)
    a = rng.integers(0, 5, 20_000)
    b = (a + rng.integers(1, 5, 20_000)) % 5
    counts = count(5, a, b, outcome_of(rng.normal(0.0, NOISE_SD, 20_000), 4.0))
    anchor = fit_draw_margin(simulate(1).counts)
    own = fit_own_margin(anchor, counts)
    assert own.draw_margin == pytest.approx(fit_draw_margin(counts).draw_margin, rel=2e-3)
