"""Countries in one model: what it solves, what sparse ones gain, what is known of their spread."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ratings.countries import COUNTRY, fit_countries, join_countries, profile_interval
from ratings.counts import CellCounts
from ratings.expectation_propagation import pool, sweep
from ratings.hierarchical import fit_hierarchical
from ratings.posterior import Posterior
from ratings.skewness import corrected_hierarchy
from tests.ratings.nations import Nations, simulate_nations
from tests.ratings.simulation import PRIOR_SD

Array = NDArray[np.float64]
SHARES = {"UK": 0.2, "US": 0.8}


def covered(board: Posterior, truth: Array) -> float:
    return float((np.abs(board.skill - (truth - truth.mean())) < 1.96 * board.skill_sd).mean())


def apart(nations: Nations, name: str) -> Posterior:
    part = nations.parts[name]
    return corrected_hierarchy(fit_hierarchical(part), part).board(nations.census[name])


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_countries_and_pools_are_covered_and_a_sparse_country_knows_more(tau: float) -> None:
    inside: dict[str, list[float]] = {"UK": [], "US": [], "pool": []}
    ratios, spreads = [], []
    for seed in range(20):
        nations = simulate_nations(seed, tau=tau)
        fitted = fit_countries(nations.parts)
        assert fitted.joint.converged
        for name in SHARES:
            board = fitted.country(name).board(nations.census[name])
            inside[name].append(covered(board, nations.truth[name]))
            if name == "UK":
                ratios.append(np.median(board.skill_sd) / np.median(apart(nations, name).skill_sd))
        for shares in (SHARES, {"UK": 0.5, "US": 0.5}):
            truth = sum(
                (share * nations.truth[name] for name, share in shares.items()), start=np.zeros(14)
            )
            inside["pool"].append(covered(fitted.population(nations.census, shares), truth))
        spreads.append(fitted.tau_country)
    for shares_inside in inside.values():
        assert 0.92 <= np.mean(shares_inside) <= 0.98
    assert np.mean(ratios) < 0.85
    found, low, high = np.array(spreads).T
    assert ((low <= tau) & (tau <= high)).mean() >= 0.9
    assert np.isfinite(high).all()
    if tau:
        # Maximum likelihood of a spread falls short, the more so the fewer differences tell of it.
        assert 0.7 * tau < found.mean() < 1.1 * tau
    else:
        assert (low == 0.0).mean() >= 0.9


def test_the_spread_of_countries_is_told_where_battles_are_many() -> None:
    for seed in range(3):
        fitted = fit_countries(simulate_nations(seed, tau=2.5, battles=(6000, 6000)).parts)
        tau, low, high = fitted.tau_country
        assert 0.5 < low < tau < high
        assert low < 2.5 < high


def dense(nations: Nations, tau: dict[str, float], margin: Array) -> tuple[Array, Array, list[str]]:
    """Mean and covariance of all effects by one big inverse; an effect is (who adds, model)."""
    names = ["theta"]
    for country, part in nations.parts.items():
        names += [country, *(f"{country}/{axis}/{group}" for axis, group in part.effects)]
    size = len(nations.truth["US"])
    scales = [{"theta": PRIOR_SD, **tau}[kind(name)] for name in names]
    rows, outcomes = [], []
    for country, part in nations.parts.items():
        for cell, i, j, counts in zip(
            part.cell, part.first, part.second, part.outcomes, strict=True
        ):
            groups = [part.effects[block] for block in part.cell_effects[cell]]
            adding = ["theta", country, *(f"{country}/{axis}/{group}" for axis, group in groups)]
            row = np.zeros((len(names), size))
            for name in adding:
                row[names.index(name), i] += 1.0
                row[names.index(name), j] -= 1.0
            rows.append(row.ravel())
            outcomes.append(counts)
    design, said = np.array(rows), np.array(outcomes)
    prior = np.repeat(np.array(scales) ** -2.0, size)
    mean: Array = np.zeros(prior.size)
    covariance: Array = np.diag(1 / prior)
    precision, shift = np.zeros_like(said), np.zeros_like(said)
    for _ in range(100):
        variance = np.einsum("ri,ij,rj->r", design, covariance, design)
        sweep(design @ mean, variance, said, margin, 2 * (25 / 6) ** 2, precision, shift, 1.0)
        pi, nu = pool(said, precision), pool(said, shift)
        covariance = np.asarray(np.linalg.inv(np.diag(prior) + (design.T * pi) @ design), float)
        mean = np.asarray(covariance @ design.T @ nu)
    return mean, covariance, names


def kind(name: str) -> str:
    return name.split("/")[1] if "/" in name else COUNTRY if name != "theta" else name


def test_boards_are_linear_in_the_model_that_is_stated() -> None:
    nations = simulate_nations(4, battles=(150, 250), size=5)
    counts = join_countries(nations.parts)
    joint, shown = fit_hierarchical(counts), fit_countries(nations.parts)
    np.testing.assert_array_equal(
        shown.joint.covariance, corrected_hierarchy(joint, counts).covariance
    )
    # What is corrected for skewness afterwards is test_skewness.py's.
    fitted = replace(shown, joint=joint)
    tau = dict(zip(fitted.joint.axes, fitted.joint.tau.tolist(), strict=True))
    margin = fitted.joint.draw_margin * fitted.joint.habits(counts)
    mean, covariance, names = dense(nations, tau, margin)

    def share_of(name: str, country: str) -> float:
        census = {f"{country}/{a}/{g}": s for (a, g), s in nations.census[country].items()}
        return {"theta": 1.0, country: 1.0, **census}.get(name, 0.0)

    boards = {
        name: fitted.country(name).board(
            {effect: nations.census[name][effect] for effect in fitted.parts[name].effects}
        )
        for name in SHARES
    }
    boards["all"] = fitted.population(nations.census, SHARES)
    for key, board in boards.items():
        parts = SHARES if key == "all" else {key: 1.0}
        share = [sum(w * share_of(name, country) for country, w in parts.items()) for name in names]
        take = np.kron(np.array(share), np.eye(5))
        np.testing.assert_allclose(board.mean - 25.0, take @ mean, atol=1e-7)
        np.testing.assert_allclose(board.covariance, take @ covariance @ take.T, atol=1e-6)


def test_the_evidence_is_what_its_gradient_and_curvature_say() -> None:
    nations = simulate_nations(2, battles=(800, 800), size=6)
    counts = join_countries(nations.parts)
    best = fit_hierarchical(counts)
    for axis in np.flatnonzero(best.tau > 0.1):
        falls = []
        for step in (-0.05, 0.05):
            tau = best.tau.copy()
            tau[axis] *= np.exp(step)
            there = fit_hierarchical(counts, tau=tau, draw_margin=best.draw_margin, warm_start=best)
            falls.append(best.log_evidence - there.log_evidence)
        expected = 0.5 * best.log_tau_curvature[axis, axis] * 0.05**2
        assert np.mean(falls) == pytest.approx(expected, rel=0.1)
        assert abs(falls[0] - falls[1]) < 0.2 * expected


def test_the_interval_ends_where_the_evidence_has_fallen_by_1_92() -> None:
    nations = simulate_nations(1, tau=2.0, battles=(1500, 1500), size=8)
    counts = join_countries(nations.parts)
    best = fit_hierarchical(counts)
    for end in profile_interval(counts, best, "age"):
        tau = np.full(len(counts.axes), np.nan)
        tau[counts.axes.index("age")] = end
        there = fit_hierarchical(counts, tau=tau, draw_margin=best.draw_margin, warm_start=best)
        assert best.log_evidence - there.log_evidence == pytest.approx(1.92, abs=0.02)


def test_models_of_one_country_alone_and_the_order_of_rows() -> None:
    nations = simulate_nations(5, battles=(300, 300), size=6)
    uk = nations.tables["UK"].to_pandas()
    uk = uk[(uk.model_a != "model-005") & (uk.model_b != "model-005")]
    tables = {"US": nations.tables["US"], "UK": nations.tables["UK"].from_pandas(uk)}
    turned = {"UK": tables["UK"][::-1], "US": tables["US"][::-1]}
    there, again = (fit_countries(replace(nations, tables=some).parts) for some in (tables, turned))
    np.testing.assert_array_equal(there.joint.covariance, again.joint.covariance)
    assert there.tau_country == again.tau_country
    assert there.country("UK").model_ids == tuple(f"model-{k:03d}" for k in range(5))
    pooled = there.population(nations.census, SHARES)
    assert pooled.model_ids == tuple(f"model-{k:03d}" for k in range(6))
    alone = there.population(nations.census, {"UK": 1.0})
    # What it was never asked about, a country knows from the other one, less what sets them apart.
    own = there.country("US").board(nations.census["US"])
    assert alone.skill_sd[5] > own.skill_sd[5]


def test_one_country_has_no_effect_and_an_axis_cannot_take_its_name() -> None:
    nations = simulate_nations(6, battles=(100, 100), size=4)
    with pytest.raises(ValueError, match="one country"):
        fit_countries({"US": nations.parts["US"]})
    table = nations.tables["US"].append_column(COUNTRY, nations.tables["US"]["age"])
    with pytest.raises(ValueError, match="no axis named"):
        join_countries({"US": CellCounts.from_arrow(table, [COUNTRY])})
