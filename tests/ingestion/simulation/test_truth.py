"""The truth adds up and the votes follow it: checked against closed forms, from files alone."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from tests.ingestion.simulation.studies import AGE_BAND, Study, study

TIE_RATES = {
    "overall": 0.10,
    "core_task": 0.35,
    "communication": 0.18,
    "adaptiveness": 0.30,
    "trust": 0.65,
}
NOISE_SD = np.sqrt(2.0) * 25.0 / 6.0


@pytest.fixture(scope="module")
def disclosed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Nobody careless, nobody keeps an answer back: every vote can be explained."""
    return study(
        tmp_path_factory.mktemp("disclosed"),
        participants=20_000,
        seed=11,
        low_effort_share=0.0,
        undisclosed_shares={},
    )


@pytest.fixture(scope="module")
def votes(disclosed: Study) -> dict[str, NDArray[np.float64]]:
    """Per vote: dimension, places of the models, their skills for this voter, a won, tie."""
    columns = disclosed.columns(
        "select dimension, model_a, model_b, outcome, country, ethnicity, politics,"
        f" {AGE_BAND} as age"
        " from battles join participants using (participant_id)"
    )
    place = {model: index for index, model in enumerate(disclosed.models)}
    skills = {
        (cell["cell_id"], dimension): np.array(values)
        for cell in disclosed.truth["cells"]
        for dimension, values in cell["skills"].items()
    }
    a = np.array([place[model] for model in columns["model_a"]])
    b = np.array([place[model] for model in columns["model_b"]])
    cells = zip(*(columns[n] for n in ("country", "age", "ethnicity", "politics")), strict=True)
    own = [
        skills["/".join(cell), dimension]
        for cell, dimension in zip(cells, columns["dimension"], strict=True)
    ]
    return {
        "dimension": columns["dimension"],
        "a": a,
        "b": b,
        "difference": np.array([s[x] - s[y] for s, x, y in zip(own, a, b, strict=True)]),
        "is_a": columns["outcome"] == "a",
        "is_tie": columns["outcome"] == "tie",
    }


def probabilities(
    truth: Study, dimension: str, difference: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(a wins), P(tie)."""
    margin = next(
        row["draw_margin"] for row in truth.truth["dimensions"] if row["dimension"] == dimension
    )
    p_a = norm.sf((margin - difference) / NOISE_SD)
    p_b = norm.cdf((-margin - difference) / NOISE_SD)
    return p_a, 1.0 - p_a - p_b


@pytest.mark.parametrize("dimension", TIE_RATES)
def test_ties_are_as_frequent_as_asked(
    disclosed: Study, votes: dict[str, NDArray[np.float64]], dimension: str
) -> None:
    is_here = votes["dimension"] == dimension
    rate, size = TIE_RATES[dimension], is_here.sum()
    assert size == 20_000
    seen = votes["is_tie"][is_here].mean()
    assert abs(seen - rate) < 4.0 * np.sqrt(rate * (1.0 - rate) / size)


@pytest.mark.parametrize("dimension", TIE_RATES)
def test_votes_follow_the_skills_of_the_voters_cell(
    disclosed: Study, votes: dict[str, NDArray[np.float64]], dimension: str
) -> None:
    is_here = votes["dimension"] == dimension
    p_a, p_tie = probabilities(disclosed, dimension, votes["difference"][is_here])
    a, b = votes["a"][is_here], votes["b"][is_here]
    score = votes["is_a"][is_here] + 0.5 * votes["is_tie"][is_here]
    surplus = score - (p_a + 0.5 * p_tie)
    variance = p_a + 0.25 * p_tie - (p_a + 0.5 * p_tie) ** 2
    z = []
    for model in range(len(disclosed.models)):
        total = surplus[a == model].sum() - surplus[b == model].sum()
        z.append(total / np.sqrt(variance[(a == model) | (b == model)].sum()))
    assert np.abs(z).max() < 4.5
    # 28 squared z-scores, nearly independent: 28 expected, sd 7.5.
    assert 5.0 < np.square(z).sum() < 65.0


@pytest.mark.parametrize("dimension", TIE_RATES)
def test_the_log_likelihood_is_what_the_truth_expects(
    disclosed: Study, votes: dict[str, NDArray[np.float64]], dimension: str
) -> None:
    is_here = votes["dimension"] == dimension
    difference = votes["difference"][is_here]
    p_a, p_tie = probabilities(disclosed, dimension, difference)
    p = np.array([p_a, p_tie, 1.0 - p_a - p_tie])
    seen = np.where(votes["is_a"][is_here], 0, np.where(votes["is_tie"][is_here], 1, 2))
    log_p = np.log(p)
    likelihood = log_p[seen, np.arange(len(seen))].sum()
    expected = (p * log_p).sum()
    spread = np.sqrt(((p * log_p**2).sum(axis=0) - (p * log_p).sum(axis=0) ** 2).sum())
    assert abs(likelihood - expected) < 4.0 * spread
    # A truth that is off by a tenth is worse by far more than chance.
    off_a, off_tie = probabilities(disclosed, dimension, 0.5 * difference)
    off = np.log(np.array([off_a, off_tie, 1.0 - off_a - off_tie]))
    assert likelihood > off[seen, np.arange(len(seen))].sum() + 20.0


def test_left_bias_moves_wins_to_the_left(tmp_path: Path) -> None:
    made = study(tmp_path, participants=4000, left_bias=2.0, effects=0.0, low_effort_share=0.0)
    seen = made.columns(
        "select avg((outcome = 'a')::int) - avg((outcome = 'b')::int) as lead,"
        " avg((outcome = 'tie')::int) as tie_rate from battles where dimension = 'overall'"
    )
    assert seen["lead"][0] > 0.1
    # The margin is solved with the bias in it.
    assert seen["tie_rate"][0] == pytest.approx(0.10, abs=0.02)


def test_without_effects_all_strata_agree(tmp_path: Path) -> None:
    made = study(tmp_path, effects=0.0)
    assert len(made.skills) == 1 + 2 + 22
    for dimension, skills in made.skills["all"].items():
        for stratum in made.skills.values():
            np.testing.assert_array_equal(stratum[dimension], skills)
    assert all(value == 0.0 for row in made.truth["effects"] for value in row["effects"])


def test_strata_are_population_means_of_their_cells(disclosed: Study) -> None:
    cells = disclosed.truth["cells"]
    assert sum(cell["population_share"] for cell in cells) == pytest.approx(1.0, abs=1e-6)
    assert sum(cell["sample_share"] for cell in cells) == pytest.approx(1.0, abs=1e-6)
    for stratum, skills in disclosed.skills.items():
        country, _, rest = stratum.partition("/")
        axis, _, group = rest.partition("/")
        own = [
            cell
            for cell in cells
            if stratum == "all"
            or (cell["country"] == country and (not axis or cell["groups"][axis] == group))
        ]
        shares = np.array([cell["population_share"] for cell in own])
        for dimension, values in skills.items():
            mean = shares @ np.array([cell["skills"][dimension] for cell in own]) / shares.sum()
            np.testing.assert_allclose(values, mean, atol=1e-5)


def test_a_cells_skill_is_base_plus_effects_of_which_age_is_largest(disclosed: Study) -> None:
    by_axis: dict[str, list[float]] = {}
    for row in disclosed.truth["effects"]:
        by_axis.setdefault(row["axis"], []).extend(row["effects"])
    sds = {axis: np.std(values) for axis, values in by_axis.items()}
    assert sds["age"] > 1.5 * sds["politics"]
    assert sds["age"] > 2.0 * sds["ethnicity"]
    effects = {
        (row["country"], row["axis"], row["group"]): np.array(row["effects"])
        for row in disclosed.truth["effects"]
        if row["dimension"] == "trust"
    }
    bases = [
        np.array(cell["skills"]["trust"])
        - effects[cell["country"], "country", cell["country"]]
        - sum(effects[cell["country"], axis, group] for axis, group in cell["groups"].items())
        for cell in disclosed.truth["cells"]
    ]
    np.testing.assert_allclose(bases, np.broadcast_to(bases[0], np.shape(bases)), atol=1e-5)


def test_the_truth_does_not_depend_on_who_is_asked(tmp_path: Path) -> None:
    small, large, fair = (
        study(tmp_path / name, **asked)
        for name, asked in (
            ("small", {"participants": 10}),
            ("large", {"participants": 500, "low_effort_share": 0.5}),
            ("fair", {"sampling_skew": 0.0}),
        )
    )
    assert small.truth["strata"] == large.truth["strata"] == fair.truth["strata"]
    assert small.truth["dimensions"] == large.truth["dimensions"]


def test_effects_are_scaled_not_redrawn(tmp_path: Path) -> None:
    once, twice = (study(tmp_path / str(scale), effects=scale) for scale in (1.0, 2.0))
    for row, doubled in zip(once.truth["effects"], twice.truth["effects"], strict=True):
        np.testing.assert_allclose(2.0 * np.array(row["effects"]), doubled["effects"], atol=2e-6)
