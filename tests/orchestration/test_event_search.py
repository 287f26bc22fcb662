"""Events are found by what a person knows, whatever the log has hashed."""

import json
from pathlib import Path
from typing import Any

import pytest

from expectations.gate import Gate, Permit
from ingestion.errors import NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.paths import Home
from ingestion.subjects.pseudonyms import KEY_FILE
from ingestion.vocabulary import EventType
from orchestration.event_search import Search, find_events, unmatched_targets
from orchestration.loading import load_file

BATTLE: dict[str, Any] = {
    "event_type": "battle_judged",
    "source": "study",
    "participant_id": "ann",
    "dimension": "overall",
    "model_a": "x",
    "model_b": "y",
    "outcome": "a",
}


def load(paths: Home, directory: Path, *events: dict[str, Any]) -> None:
    path = directory / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    load_file(paths, str(path), gate=Gate(permit=Permit(is_across=True)))


@pytest.fixture
def paths(home: Path, tmp_path: Path) -> Home:
    """Three battles, one of them judged on two dimensions."""
    paths = Home(home)
    load(
        paths,
        tmp_path,
        BATTLE | {"native_id": "1"},
        BATTLE | {"native_id": "1", "dimension": "trust"},
        BATTLE | {"native_id": '["2","é"]', "participant_id": "bob", "model_b": "z"},
        BATTLE | {"native_id": "1", "source": "other"},
    )
    return paths


def found(paths: Home, **search: Any) -> list[tuple[int, str]]:
    rows = find_events(paths, Search(**search), limit=10)
    return [(row["position"], row["dimension"]) for row in rows]


def test_a_battle_is_found_by_its_own_id_and_dimension(paths: Home) -> None:
    both = [(1, "overall"), (2, "trust")]
    assert found(paths, source="study", native_id=["1"]) == both
    assert found(paths, source="study", native_id=["1"], dimension="trust") == [(2, "trust")]
    assert found(paths, source="other", native_id=["1"]) == [(4, "overall")]
    assert found(paths, source="study", native_id=["2", "é"]) == [(3, "overall")]
    assert found(paths, source="study", native_id=["3"]) == []


def test_events_are_found_by_participant_models_and_type(paths: Home) -> None:
    assert found(paths, source="study", participant_id="bob") == [(3, "overall")]
    assert found(paths, models=["z", "x"]) == [(3, "overall")]
    assert found(paths, models=["z", "y"]) == []
    assert found(paths, event_type=EventType.EVENT_RETRACTED) == []
    assert len(find_events(paths, Search(), limit=2)) == 2


def test_what_is_about_an_event_is_found_with_it(paths: Home, tmp_path: Path) -> None:
    [event] = find_events(paths, Search(source="other"), limit=10)
    about = {"event_type": "event_retracted", "source": "office", "reason": "A dispute."}
    load(paths, tmp_path, about | {"native_id": "r", "target_event_id": event["event_id"]})
    [_, retraction] = find_events(paths, Search(source="other"), limit=10)
    load(paths, tmp_path, about | {"native_id": "s", "target_event_id": retraction["event_id"]})
    chain = find_events(paths, Search(event_id=event["event_id"]), limit=1)
    assert [row["event_type"] for row in chain] == ["battle_judged", *["event_retracted"] * 2]
    assert chain[2]["target_event_id"] == chain[1]["event_id"]


def test_a_mistyped_target_is_counted(paths: Home, tmp_path: Path) -> None:
    [event] = find_events(paths, Search(source="other"), limit=10)
    about = {"event_type": "event_corrected", "source": "office", "reason": "Typo.", "outcome": "b"}
    assert unmatched_targets(EventLog.open(paths.log), 1) == 0
    good = about | {"native_id": "1", "target_event_id": event["event_id"]}
    load(paths, tmp_path, good, about | {"native_id": "2", "target_event_id": "nonsense"})
    log = EventLog.open(paths.log)
    assert (unmatched_targets(log, 1), unmatched_targets(log, 2)) == (0, 1)


def test_a_native_id_needs_its_source_and_the_vault(paths: Home) -> None:
    with pytest.raises(UsageError, match="--source"):
        found(paths, native_id=["1"])
    (paths.vault / KEY_FILE).unlink()
    with pytest.raises(NotFoundError, match=KEY_FILE):
        found(paths, source="study", native_id=["1"])
    assert not (paths.vault / KEY_FILE).exists()
