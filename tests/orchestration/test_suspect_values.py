"""What a load warns of: names like nothing, lost zeros."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ingestion.vocabulary import EventType
from orchestration.suspect_values import SuspectValues


def _said(people: Sequence[str | None], model: str = "alpha", pieces: int = 1) -> list[str]:
    looks = SuspectValues()
    length = len(people) // pieces
    for at in range(0, len(people), length):
        some = people[at : at + length]
        rows = {
            "row_number": pa.array(range(at + 1, at + 1 + len(some)), pa.int64()),
            "event_id": [f"e{row}" for row in range(len(some))],
            "subject_id": pa.array(some, pa.string()),
            "model_a": [model] * len(some),
        }
        looks.add(EventType.BATTLE_JUDGED, pa.table(rows))
    return looks.messages()


def test_a_load_like_any_other_warns_of_nothing() -> None:
    assert _said([f"p{row % 10}" for row in range(100)]) == []
    assert _said(["007", "012", "345"]) == []
    assert _said(["7", "12", "345"]) == []
    assert _said([None] * 100) == []


def test_names_like_nothing() -> None:
    people, models = _said(["NA", "p", "NA"]), _said(["p"], model="None")
    assert people[0].startswith("2 rows have participant_id 'NA' (first: row 1)")
    assert models[0].startswith("1 row has model_a 'None' (first: row 1)")


def test_lost_zeros_are_counted_over_all_pieces() -> None:
    (message,) = _said(["0123", "4567", "45", "7", "0001", "9999"], pieces=3)
    assert message.startswith("2 rows have a participant_id of fewer than 4 digits (first: row 3)")
