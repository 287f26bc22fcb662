"""What is planted as private testing: its events, its truth, and nothing of the study changed."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UsageError
from ingestion.simulation.attacks import ATTACKS, plant
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.private_variants import FRESH_MIN, TESTS, fresh_battles
from ingestion.simulation.study import Summary, simulate
from ingestion.simulation.truth import draw_truth
from tests.ingestion.simulation.populations import POPULATION
from tests.ingestion.simulation.studies import Study

ATTACK = "private-variants"


def made(directory: Path, **asked: Any) -> Study:
    parameters = Parameters(participants=200, seed=3)
    summary: Summary = simulate(parameters, directory, population=POPULATION, **asked)
    return Study(directory, summary)


def test_the_study_itself_is_as_without_it(tmp_path: Path) -> None:
    plain, attacked = made(tmp_path / "plain"), made(tmp_path / "attacked", attack=ATTACK)
    own, others = plain.bytes(), attacked.bytes()
    assert others.keys() - own.keys() == {"attack.jsonl"}
    assert {name for name in own if own[name] != others[name]} == {"truth.json"}
    assert "attack" not in plain.truth
    assert attacked.summary.files[-1].name == "attack.jsonl"


def test_a_study_without_an_attack_leaves_none_of_an_earlier_one(tmp_path: Path) -> None:
    made(tmp_path, attack=ATTACK)
    assert made(tmp_path).bytes().keys().isdisjoint({"attack.jsonl"})


def test_the_best_by_score_is_published_and_the_others_are_retired(tmp_path: Path) -> None:
    study = made(tmp_path, attack=ATTACK)
    truth, events = study.truth["attack"], study.rows("attack")
    assert (truth["name"], len(truth["variants"])) == (ATTACK, 27)
    best = max(truth["variants"], key=lambda one: one["win_share"])
    assert truth["published"] == best["model_id"]
    of_type = {
        kind: [event for event in events if event["event_type"] == kind]
        for kind in ("model_registered", "model_published", "model_retired", "battle_judged")
    }
    assert sum(event.get("is_private", False) for event in of_type["model_registered"]) == 27
    [published] = of_type["model_published"]
    assert (published["model_id"], published["public_id"]) == (best["model_id"], truth["public_id"])
    assert {event["model_id"] for event in of_type["model_retired"]} == {
        one["model_id"] for one in truth["variants"]
    } - {best["model_id"]}
    battles = of_type["battle_judged"]
    dimensions = len(study.truth["dimensions"])
    assert len(battles) == dimensions * (27 * TESTS + FRESH_MIN)
    assert [event["occurred_at"] for event in battles] == sorted(
        event["occurred_at"] for event in battles
    )
    for event in battles:
        is_fresh = truth["public_id"] in (event["model_a"], event["model_b"])
        assert is_fresh == (event["occurred_at"] > truth["published_at"])
    people = {row["participant_id"] for row in study.rows("participants")}
    assert {event["participant_id"] for event in battles} <= people


def test_fresh_votes_are_at_least_an_even_share() -> None:
    study = Parameters(participants=1_200, battles_per_participant=10.0, model_count=14)
    assert fresh_battles(study) == round(2 * 12_000 * 0.58 / 14) == 994
    assert fresh_battles(Parameters(participants=200)) == FRESH_MIN


def test_tests_are_balanced_over_rivals_and_sides(tmp_path: Path) -> None:
    study = made(tmp_path, attack=ATTACK, attack_size=2)
    names = {one["model_id"] for one in study.truth["attack"]["variants"]}
    counts: dict[tuple[str, str], int] = {}
    for event in study.rows("attack"):
        if event.get("dimension") == "overall" and names & {event["model_a"], event["model_b"]}:
            [own] = names & {event["model_a"], event["model_b"]}
            [other] = {event["model_a"], event["model_b"]} - {own}
            counts[own, other] = counts.get((own, other), 0) + 1
    assert len(counts) == 2 * len(study.models)
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("size", [0, 201])
def test_a_number_of_variants_beyond_reason_is_refused(size: int) -> None:
    truth = draw_truth(Parameters(participants=10), POPULATION)
    with pytest.raises(UsageError, match="variants"):
        plant(ATTACK, truth, size)


def test_an_unknown_attack_is_refused_with_those_there_are() -> None:
    truth = draw_truth(Parameters(participants=10), POPULATION)
    with pytest.raises(UsageError, match="no attack 'burglary'") as refused:
        plant("burglary", truth)
    assert all(name in str(refused.value.remedy) for name in ATTACKS)
