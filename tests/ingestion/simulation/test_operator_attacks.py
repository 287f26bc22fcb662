"""What an operator is planted to do: its events, its truth, and nothing of the study changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.errors import UsageError
from ingestion.simulation.attacks import Planted, plant
from ingestion.simulation.operator_attacks import BATTLES, WEIGHT
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from ingestion.simulation.truth import draw_truth
from tests.ingestion.simulation.populations import POPULATION
from tests.ingestion.simulation.studies import Study

SMALL = Parameters(participants=200, seed=3)
ATTACKS = ("retirement", "sampling")


def planted(attack: str, size: int | None = None, parameters: Parameters = SMALL) -> Planted:
    return plant(attack, draw_truth(parameters, POPULATION), size)


def of_type(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event_type"] == name]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_study_itself_is_as_without_it(attack: str, tmp_path: Path) -> None:
    def made(name: str, **asked: Any) -> Study:
        return Study(
            tmp_path / name, simulate(SMALL, tmp_path / name, population=POPULATION, **asked)
        )

    plain, attacked = made("plain"), made("attacked", attack=attack)
    own, others = plain.bytes(), attacked.bytes()
    assert others.keys() - own.keys() == {"attack.jsonl"}
    assert {name for name in own if own[name] != others[name]} == {"truth.json"}
    assert attacked.truth["attack"]["name"] == attack
    assert planted(attack) == planted(attack)


def test_open_weight_models_go_in_silence_once_all_votes_are_in() -> None:
    attack = planted("retirement")
    models = {model.model_id: model for model in SMALL.models}
    retired = of_type(attack.events, "model_retired")
    assert [event["model_id"] for event in retired] == attack.document["model_ids"]
    assert not any(event["was_announced"] for event in retired)
    assert {models[event["model_id"]].licence for event in retired} == {"Apache-2.0"}
    assert len(retired) == sum(model.licence == "Apache-2.0" for model in models.values())
    registered = of_type(attack.events, "model_registered")
    assert {event["model_id"]: event["licence_kind"] for event in registered} == {
        name: "open_weights" if model.licence == "Apache-2.0" else "proprietary"
        for name, model in models.items()
    }
    assert all(event["provider"] == models[event["model_id"]].provider for event in registered)


def test_what_is_left_rises_by_those_that_were_above() -> None:
    attack = planted("retirement", 3)
    others = attack.document["others"]
    assert len(attack.document["model_ids"]) == 3
    assert len(others) == len(SMALL.models) - 3
    assert [one["rank_among_kept"] for one in others] == list(range(1, len(others) + 1))
    risen = [one["rank"] - one["rank_among_kept"] for one in others]
    assert risen == sorted(risen)
    assert risen[-1] == 3


def test_a_queue_draws_one_provider_more_often_than_it_says() -> None:
    attack = planted("sampling", 20_000)
    truth = attack.document
    scheduled = of_type(attack.events, "battle_scheduled")
    battles = of_type(attack.events, "battle_judged")
    assert len(scheduled) == truth["battle_count"] == 20_000
    assert len(battles) == 20_000 * len(SMALL.dimensions)
    sides = [event[side] for event in scheduled for side in ("model_a", "model_b")]
    # It ends before the first model of the study retires.
    compared = len(SMALL.models)
    own = len(truth["model_ids"])
    assert {event["propensity"] for event in scheduled} == {truth["propensity"]}
    assert truth["propensity"] == pytest.approx(2 / compared / (compared - 1), abs=1e-6)
    assert truth["even_share"] == pytest.approx(own / compared, abs=1e-6)
    drawn = np.mean([side in truth["model_ids"] for side in sides])
    assert truth["appearance_share"] == pytest.approx(drawn, abs=1e-6)
    # The first of a pair by its weight, the second by its weight among those that are left.
    weights = np.repeat([WEIGHT, 1.0], [own, compared - own])
    first = weights / weights.sum()
    second = (first[:, None] * first / (1.0 - first[:, None])) * (1.0 - np.eye(compared))
    expected = (first + second.sum(axis=0))[:own].sum() / 2.0
    assert drawn == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 20_000))


def test_its_battles_are_judged_by_people_of_the_study_who_had_arrived(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path, population=POPULATION)
    study = Study(tmp_path, simulate(SMALL, tmp_path, population=POPULATION, attack="sampling"))
    assert study.truth["attack"]["battle_count"] == BATTLES
    arrived = {row["participant_id"]: row["occurred_at"] for row in study.rows("participants")}
    for event in study.rows("attack"):
        assert event["model_a"] != event["model_b"]
        assert arrived[event["participant_id"]] <= event["occurred_at"]


@pytest.mark.parametrize(
    ("attack", "size"), [("retirement", 0), ("retirement", 8), ("sampling", 0)]
)
def test_a_size_beyond_reason_is_refused(attack: str, size: int) -> None:
    with pytest.raises(UsageError, match="not between"):
        planted(attack, size)


def test_a_study_without_open_weights_has_none_to_withdraw() -> None:
    with pytest.raises(UsageError, match="models to withdraw: 0"):
        planted("retirement", parameters=Parameters(participants=20, model_count=3))
