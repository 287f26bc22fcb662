"""What a file holds besides events is counted, and a person is told."""

import json
from pathlib import Path

from tests.end_to_end.command import demoscope, document


def test_later_turns_of_prism_are_reported_as_set_aside(home: Path, tmp_path: Path) -> None:
    answer = {"conversation_id": "c1", "user_id": "u1", "score": 50}
    answers = [
        {**answer, "turn": turn, "model_name": model} for turn in (0, 1) for model in ("x", "y")
    ]
    path = tmp_path / "utterances.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in answers))
    loads = document(home, "ingest", path, "--mapping", "prism", "--json")
    [load] = loads["loads"]
    assert (load["row_count"], load["accepted_count"], load["set_aside_count"]) == (1, 1, 2)
    again = demoscope(home, "ingest", path, "--mapping", "prism")
    assert "set aside" in again.stdout
    assert "2  (records that are no events)" in again.stdout
