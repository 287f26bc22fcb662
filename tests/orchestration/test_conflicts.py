"""A row whose id something else has names that row or event, and the remedy fits its event type."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog
from ingestion.log.reader import read
from ingestion.paths import Home
from ingestion.vocabulary import EventType
from orchestration.load_report import LoadReport, remedies
from orchestration.loading import load_file, update_file

RATED = {"event_type": "experience_rated", "source": "s", "participant_id": "p"}
RATED |= {"model_id": "alpha", "criterion": "wit"}
JUDGED = {"event_type": "battle_judged", "source": "s", "participant_id": "p"}
JUDGED |= {"dimension": "overall", "model_a": "alpha", "model_b": "beta"}
SCORED = {"event_type": "benchmark_reported", "source": "s", "model_id": "alpha"}
SCORED |= {"benchmark": "exam", "metric": "accuracy"}
ENROLLED = {"event_type": "participant_enrolled", "source": "s"}


def rated(number: int, rating: int) -> dict[str, Any]:
    return RATED | {"native_id": str(number), "rating": rating}


def judged(number: int, outcome: str) -> dict[str, Any]:
    return JUDGED | {"native_id": str(number), "outcome": outcome}


def scored(number: int, score: float) -> dict[str, Any]:
    return SCORED | {"native_id": str(number), "score": score}


def enrolled(number: int, country: str) -> dict[str, Any]:
    return ENROLLED | {"native_id": str(number), "participant_id": f"p{number}", "country": country}


@pytest.fixture(name="bring")
def loader(tmp_path: Path) -> Any:
    home, names = Home(tmp_path / "home"), iter(range(100))

    def bring(*rows: dict[str, Any], is_update: bool = False) -> LoadReport:
        file = tmp_path / f"{next(names)}.jsonl"
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        if is_update:
            return update_file(home, str(file), lambda _updates: None)
        return load_file(home, str(file))

    return bring


def remedy(report: LoadReport) -> str:
    [said] = remedies(report)
    return said


@pytest.mark.parametrize(
    ("make", "old", "new", "wanted", "unwanted"),
    [
        (judged, "a", "b", ["--update", "event_corrected", "log undo"], ["native_id"]),
        (rated, 5, 2, ["event_retracted", "log undo"], ["--update", "event_corrected"]),
        (scored, 0.5, 0.6, ["event_retracted", "log undo"], ["--update", "event_corrected"]),
        (enrolled, "US", "UK", ["participant_corrected", "log undo"], ["--update", "native_id"]),
    ],
)
def test_the_remedy_fits_the_event_that_the_log_has(
    bring: Any, make: Any, old: Any, new: Any, wanted: list[str], unwanted: list[str]
) -> None:
    bring(*(make(number, old) for number in range(5)))
    report = bring(make(3, new), make(7, old))
    [row] = report.examples
    assert "of the log has this id" in row["detail"]
    said = remedy(report)
    assert all(text in said for text in wanted), said
    assert not any(text in said for text in unwanted), said


@pytest.mark.parametrize(("make", "old", "new"), [(judged, "a", "b"), (rated, 5, 2)])
def test_the_row_of_the_file_that_has_the_id_is_named(
    bring: Any, make: Any, old: Any, new: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make(number, old) for number in range(5)]
    report = bring(*rows, make(3, new), make(3, new))
    assert [row["detail"].split(":")[0] for row in report.examples] == [
        "row 4 of this file has this id"
    ] * 2
    said = remedy(report)
    assert "Of two rows of one file" in said
    assert not any(text in said for text in ("--update", "event_corrected", "log undo"))
    # It may have been staged with an earlier piece.
    monkeypatch.setattr("orchestration.loading.PIECE_ROWS", 1)
    other = [make(number, old) for number in range(10, 15)]
    report = bring(enrolled(1, "US"), *other)
    report = bring(enrolled(2, "US"), *(make(number, old) for number in (20, 21)), make(21, new))
    assert report.examples[0]["detail"].startswith("row 3 of this file has this id")


def test_the_row_goes_in_once_what_the_log_has_is_taken_back(bring: Any, tmp_path: Path) -> None:
    bring(*(rated(number, 5) for number in range(5)))
    report = bring(rated(3, 4), rated(6, 4))
    assert "retract the event" in remedy(report)
    assert "then load those rows again in a file of their own" in remedy(report)
    log = EventLog.open(Home(tmp_path / "home").log)
    known = read(log, EventType.EXPERIENCE_RATED).to_pylist()
    [target] = [row["event_id"] for row in known if row["position"] == 4]
    back = {"event_type": "event_retracted", "source": "s", "native_id": "r", "reason": "wrong"}
    assert bring(back | {"target_event_id": target}).accepted_count == 1
    assert bring(rated(3, 4)).accepted_count == 1


def test_what_an_update_cannot_say_is_not_sent_to_update_again(bring: Any) -> None:
    bring(*(judged(number, "a") | {"topic": "x"} for number in range(5)))
    report = bring(judged(3, "a") | {"topic": "y"}, judged(7, "a"), is_update=True)
    assert report.quarantined_count == 1
    assert "--update" not in remedy(report)
    assert "event_retracted" in remedy(report)
