"""A small study with a history: late events, corrections, retractions, appeals; and its truth.

The truth is kept beside the events by hand, battle by battle, so that it owes nothing to the code.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from expectations.gate import Gate, Permit
from ingestion.paths import Home
from orchestration.event_search import Search, find_events
from orchestration.loading import load_file

MODELS = ("aurora", "basalt", "cobalt", "dune")
PEOPLE = tuple(f"p{number}" for number in range(12))
OUTCOMES = ("a", "a", "b", "a", "tie", "b", "a", "both_bad")
Verdict = tuple[str, str, str]
KEYS = ("weighting", "stratum_id", "dimension", "estimator", "model_id")


def enrolment(number: int) -> dict[str, Any]:
    return {
        "event_type": "participant_enrolled",
        "source": "panel",
        "native_id": f"enrol-{number}",
        "participant_id": PEOPLE[number],
        "country": "US" if number % 2 else "UK",
        "age": str(20 + 5 * number),
    }


def battle(number: int, *, month: int | None) -> dict[str, Any]:
    pair = [(a, b) for a in MODELS for b in MODELS if a < b][number % 6]
    event = {
        "event_type": "battle_judged",
        "source": "panel",
        "native_id": f"battle-{number}",
        "participant_id": PEOPLE[number % len(PEOPLE)],
        "dimension": "overall",
        "model_a": pair[number // 6 % 2],
        "model_b": pair[1 - number // 6 % 2],
        "outcome": OUTCOMES[(number * 5 + number // 8) % len(OUTCOMES)],
    }
    if month is not None:
        event["occurred_at"] = f"2025-{month:02d}-15T12:00:00+02:00"
    return event


def about(kind: str, native_id: str, target: str, **columns: Any) -> dict[str, Any]:
    """A correction or retraction; `target` is an event's id in the log."""
    return {
        "event_type": kind,
        "source": "office",
        "native_id": native_id,
        "target_event_id": target,
        "reason": "A dispute was decided.",
        **columns,
    }


class Study:
    """A home that is loaded commit by commit."""

    def __init__(
        self, home: Path, inputs: Path, after: Callable[[int], None] = lambda _position: None
    ) -> None:
        self.paths = Home(home)
        self._inputs = inputs
        self._after = after
        self._count = 0

    def commit(self, events: Iterable[dict[str, Any]]) -> int:
        """Load events as one commit; its log position."""
        self._count += 1
        self._inputs.mkdir(exist_ok=True)
        path = self._inputs / f"{self._count}.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        # The office decides about the panel's events: only the operator may let it.
        report = load_file(self.paths, str(path), gate=Gate(permit=Permit(is_across=True)))
        assert report.quarantined_count == 0
        assert report.position == self._count
        self._after(self._count)
        return self._count

    def id_of(self, native_id: str, source: str = "office") -> str:
        """The id in the log of an event, looked up as a person would."""
        search = Search(source=source, native_id=[native_id])
        return str(find_events(self.paths, search, limit=1)[0]["event_id"])

    def battle_id(self, number: int) -> str:
        return self.id_of(f"battle-{number}", "panel")


def write_history(study: Study) -> dict[int, list[Verdict]]:
    """Five commits; per log position the verdicts that count, by hand."""
    first = [battle(n, month=3 if n % 10 else None) for n in range(60)]
    second = [battle(n, month=5) for n in range(60, 80)]
    late = [battle(n, month=1) for n in range(80, 84)]
    study.commit([*map(enrolment, range(len(PEOPLE))), *first])
    study.commit([*second, *late])
    study.commit(
        [
            about("event_corrected", "c5", study.battle_id(5), outcome="tie"),
            about("event_retracted", "r7", study.battle_id(7)),
            {
                "event_type": "participant_excluded",
                "source": "panel",
                "native_id": "x2",
                "participant_id": PEOPLE[2],
                "reason": "Three strikes.",
            },
        ]
    )
    study.commit(
        [
            about("event_retracted", "rc5", study.id_of("c5")),
            about("event_retracted", "rr7", study.id_of("r7")),
            about("event_retracted", "rx2", study.id_of("x2", "panel")),
        ]
    )
    study.commit(
        [
            # The later one by position wins; a correction of what is retracted does nothing; an
            # appeal of the appeal retracts again.
            about("event_corrected", "c8", study.battle_id(8), outcome="both_bad"),
            about("event_corrected", "d8", study.battle_id(8), outcome="b"),
            about("event_retracted", "r9", study.battle_id(9)),
            about("event_corrected", "c9", study.battle_id(9), outcome="b"),
            about("event_retracted", "rrr7", study.id_of("rr7")),
            {
                "event_type": "participant_corrected",
                "source": "panel",
                "native_id": "answers-1",
                "participant_id": PEOPLE[1],
                "age": "70",
            },
        ]
    )
    at_2 = [*first, *second, *late]
    at_3 = [
        event | ({"outcome": "tie"} if event["native_id"] == "battle-5" else {})
        for event in at_2
        if event["native_id"] != "battle-7" and event["participant_id"] != PEOPLE[2]
    ]
    at_5 = [
        event | ({"outcome": "b"} if event["native_id"] == "battle-8" else {})
        for event in at_2
        if event["native_id"] not in {"battle-7", "battle-9"}
    ]
    truth = {1: first, 2: at_2, 3: at_3, 4: at_2, 5: at_5}
    return {position: list(map(verdict, events)) for position, events in truth.items()}


def verdict(event: dict[str, Any]) -> Verdict:
    """Models in alphabetical order, and who won."""
    a, b, outcome = event["model_a"], event["model_b"], event["outcome"]
    swapped = {"a": "b", "b": "a"}.get(outcome, outcome)
    return (a, b, outcome) if a < b else (b, a, swapped)


def counted(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    return dict(Counter(verdicts))


def board_rows(home: Path, release_id: str) -> dict[tuple[str, ...], dict[str, Any]]:
    table = pq.read_table(home / "boards" / release_id / "leaderboard.parquet").to_pylist()
    return {tuple(row[name] for name in KEYS): row for row in table}


def places(home: Path, release_id: str) -> dict[tuple[str, ...], tuple[int, int]]:
    found = board_rows(home, release_id).items()
    return {key: (row["rank"], row["skill_micro"]) for key, row in found}
