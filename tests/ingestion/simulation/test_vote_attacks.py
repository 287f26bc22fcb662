"""Planted attacks by votes: what they add, and that a study without them stays as it was."""

import json
from pathlib import Path

import pytest

from ingestion.errors import UsageError
from ingestion.simulation.attacks import plant
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import read_population
from ingestion.simulation.study import EVENT_FILES, simulate
from ingestion.simulation.truth import draw_truth
from ingestion.simulation.vote_attacks import BATTLES, COPIES, VOTERS

ATTACKS = ("favour", "random", "sybils", "script", "flood", "retraction")
SMALL = Parameters(participants=60, seed=3)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_study_itself_does_not_change(attack: str, tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "plain")
    summary = simulate(SMALL, tmp_path / "attacked", attack=attack, attack_size=3)
    for name in EVENT_FILES:
        assert (tmp_path / "attacked" / name).read_bytes() == (
            tmp_path / "plain" / name
        ).read_bytes()
    assert not (tmp_path / "plain" / "attack.jsonl").exists()
    assert tmp_path / "attacked" / "attack.jsonl" in summary.files
    planted = json.loads((tmp_path / "attacked" / "truth.json").read_text())["attack"]
    assert planted["name"] == attack
    assert len(planted["participant_ids"]) == 3


@pytest.mark.parametrize("attack", ATTACKS)
def test_everybody_enrols_and_the_same_seed_plants_the_same(attack: str) -> None:
    truth = draw_truth(SMALL, read_population())
    planted = plant(attack, truth)
    enrolled = [one for one in planted.events if one["event_type"] == "participant_enrolled"]
    battles = [one for one in planted.events if one["event_type"] == "battle_judged"]
    assert len(enrolled) == VOTERS
    assert {one["participant_id"] for one in battles} <= {one["participant_id"] for one in enrolled}
    if attack != "retraction":
        assert len(battles) == VOTERS * BATTLES * len(SMALL.dimensions)
    assert planted == plant(attack, truth)


def test_a_favoured_model_is_in_every_battle_and_wins_it() -> None:
    planted = plant("favour", draw_truth(SMALL, read_population()))
    target = planted.document["model_id"]
    battles = [one for one in planted.events if "outcome" in one]
    assert {one[f"model_{one['outcome']}"] for one in battles} == {target}


def test_sybils_say_what_their_master_says() -> None:
    planted = plant("sybils", draw_truth(SMALL, read_population()), 2 * COPIES)
    assert len(planted.document["copied_participant_ids"]) == 2
    answers = {
        tuple(one.get(name) for name in ("country", "age", "ethnicity", "politics", "education"))
        for one in planted.events
        if "country" in one
    }
    assert len(answers) <= 2


def test_what_is_taken_back_are_verdicts_that_the_model_lost() -> None:
    planted = plant("retraction", draw_truth(SMALL, read_population()))
    target = planted.document["model_id"]
    lost = {"a": "model_b", "b": "model_a"}
    battles = [one for one in planted.events if "outcome" in one]
    assert all(one[lost[one["outcome"]]] == target for one in battles)


def test_no_voters_are_no_attack() -> None:
    with pytest.raises(UsageError, match="not between"):
        plant("favour", draw_truth(SMALL, read_population()), 0)
