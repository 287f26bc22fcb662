"""What a file holds besides events is counted, and a person is told."""

import json
import re
import shlex
import subprocess
import sys
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


def test_a_load_says_where_refused_rows_lie_and_that_a_file_was_loaded_already(
    home: Path, tmp_path: Path
) -> None:
    votes = tmp_path / "v.csv"
    votes.write_text("id,a,b,w\n1,x,y,a\n2,x,x,a\n3,x,y,b\n4,y,x,b\n5,y,x,b\n")
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "source: s\nevent: battle_judged\ncolumns: {native_id: id, model_a: a, model_b: b,"
        " dimension: {constant: overall}, outcome: w, occurred_at: null}\noutcome: {a: a, b: b}\n"
    )
    first, again = (demoscope(home, "ingest", votes, "--mapping", mapping).stdout for _ in range(2))
    for said in (first, again):
        [path] = home.glob("quarantine/*.parquet")
        assert f"  refused rows: {path}\n" in said
        command = re.search(r"to see them: (.*)", said)
        assert command is not None
        shown = subprocess.run(
            [sys.executable, *shlex.split(command[1])[1:]], capture_output=True, check=True
        )
        assert b"model_against_itself" in shown.stdout
    assert "loaded already" not in first
    assert "This file was loaded already, as log position 1: nothing was added." in again
    votes.write_text(votes.read_text() + "\n")
    other = demoscope(home, "ingest", votes, "--mapping", mapping).stdout
    assert "was in the log already: nothing was added." in other
