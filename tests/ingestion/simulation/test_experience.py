"""Ratings of a simulated study: what `truth.json` says is what people say, and nothing else."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from ingestion.simulation.experience import CRITERIA, RATED_MODELS, RATERS, TASKS
from tests.ingestion.simulation.studies import Study, study

WEAK = "US/age/18-34"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("rated"), participants=4000)


def ratings(made: Study, *, country: str | None = None) -> dict[tuple[str, str], list[int]]:
    """Ratings by model and criterion."""
    of = {row["participant_id"]: row["country"] for row in made.rows("participants")}
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in made.rows("ratings"):
        if country in {None, of[row["participant_id"]]}:
            found[row["model_id"], row["criterion"]].append(row["rating"])
    return found


def test_about_as_many_people_as_in_the_first_study_rate_a_few_models(made: Study) -> None:
    rows = made.rows("ratings")
    people = {row["participant_id"] for row in rows}
    assert 0.8 * RATERS < len(people) < 1.2 * RATERS
    assert len(rows) == len(people) * TASKS * len(CRITERIA)
    assert made.truth["counts"]["rating_count"] == len(rows)
    assert len({row["model_id"] for row in rows}) == RATED_MODELS
    assert {row["rating"] for row in rows} == set(range(1, 8))
    tasks = defaultdict(set)
    for row in rows:
        tasks[row["native_id"]].add((row["participant_id"], row["model_id"]))
    assert {len(one) for one in tasks.values()} == {1}


def test_means_are_those_of_the_truth_where_no_group_is_weak(made: Study) -> None:
    said = ratings(made, country="UK")
    experience = made.truth["experience"]
    scores = []
    for row in experience["strata"]:
        if row["stratum_id"] != "UK":
            continue
        for model, expected in zip(experience["models"], row["ratings"], strict=True):
            own = np.array(said[model, row["criterion"]])
            scores.append((own.mean() - expected) / (own.std(ddof=1) / np.sqrt(own.size)))
    # One person's ratings are alike, so that scores are too; but not far off.
    assert len(scores) == RATED_MODELS * len(CRITERIA)
    assert np.mean(np.square(scores)) < 2.0


def test_personality_and_culture_are_below_helpfulness(made: Study) -> None:
    said = ratings(made)
    mean = {
        name: np.mean([one for (_, own), rows in said.items() if own == name for one in rows])
        for name in CRITERIA
    }
    assert mean["personality"] < mean["helpfulness"] - 0.3
    assert mean["background_and_culture"] < mean["personality"]
    assert mean["adaptiveness"] == pytest.approx(mean["helpfulness"], abs=0.1)


def test_the_weak_model_is_weak_in_its_group_alone(made: Study) -> None:
    experience = made.truth["experience"]
    weak = experience["weak"]
    assert (weak["stratum_id"], weak["criterion"]) == (WEAK, "trustworthiness")
    young = {
        row["participant_id"]
        for row in made.rows("participants")
        if row["country"] == "US" and int(row["age"]) < 35
    }
    rows = [row for row in made.rows("ratings") if row["model_id"] == weak["model_id"]]

    def mean(criterion: str, *, are_young: bool) -> float:
        return float(
            np.mean(
                [
                    row["rating"] for row in rows
                    if row["criterion"] == criterion
                    and (row["participant_id"] in young) == are_young
                ]
            )
        )  # fmt: skip

    there = mean("trustworthiness", are_young=True) - mean("trustworthiness", are_young=False)
    elsewhere = mean("helpfulness", are_young=True) - mean("helpfulness", are_young=False)
    assert there < -0.9
    assert abs(elsewhere) < 0.5
    [expected] = [
        row["ratings"][experience["models"].index(weak["model_id"])]
        for row in experience["strata"]
        if (row["stratum_id"], row["criterion"]) == (WEAK, "trustworthiness")
    ]
    assert mean("trustworthiness", are_young=True) == pytest.approx(expected, abs=0.6)


def test_without_effects_no_group_is_weak(tmp_path: Path) -> None:
    made = study(tmp_path, participants=50, effects=0.0)
    experience = made.truth["experience"]
    assert experience["weak"] is None
    levels = defaultdict(set)
    for row in experience["strata"]:
        levels[row["criterion"]].add(tuple(row["ratings"]))
    assert {len(one) for one in levels.values()} == {1}


def test_who_does_not_try_or_judges_nothing_rates_nothing(tmp_path: Path) -> None:
    made = study(tmp_path, participants=400, low_effort_share=0.5)
    people = {row["participant_id"] for row in made.rows("ratings")}
    assert people
    assert people <= {row["participant_id"] for row in made.rows("battles")}
    assert not people & {row["participant_id"] for row in made.truth["low_effort"]}
