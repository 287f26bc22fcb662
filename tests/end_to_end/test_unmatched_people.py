"""People enrolled under one source who voted under another: a build and the doctor say so."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope
from tests.end_to_end.history import battle, enrolment


def built(home: Path, path: Path, source: str) -> str:
    """What a build says where people are enrolled under `source` and vote under panel."""
    events = [enrolment(number) | {"source": source} for number in range(12)]
    events += [battle(number, month=None) for number in range(48)]
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    assert demoscope(home, "ingest", path).returncode == 0
    done = demoscope(home, "build")
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_two_source_names_of_one_panel_are_told(home: Path, tmp_path: Path) -> None:
    said = built(home, tmp_path / "events.jsonl", "people")
    assert "12 enrolled under people, 12 voters under panel: one `source:`?" in said
    assert "look  people" in demoscope(home, "doctor").stdout


@pytest.mark.slow
def test_where_everybody_matches_nothing_is_said(home: Path, tmp_path: Path) -> None:
    said = built(home, tmp_path / "events.jsonl", "panel")
    assert "enrol" not in said
