"""A dry run says what a load would bring, and leaves no trace."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ingestion.paths import Home
from orchestration.dry_run import first_rows, notes_of
from orchestration.load_report import GateRefusalError
from orchestration.loading import load_file, try_file
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text


def _content(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    home, votes, mapping = Home(tmp_path / "home"), tmp_path / "v.csv", tmp_path / "m.yml"
    mapping.write_text(MAPPING)
    votes.write_text(csv_text(VOTES[:1]))
    assert try_file(home, str(votes), mapping=str(mapping)).accepted_count == 1
    assert not home.root.exists()
    assert len(notes_of(home)) == 1
    load_file(home, str(votes), mapping=str(mapping))
    before = _content(home.root)
    votes.write_text(csv_text([*VOTES, {**VOTES[0], "id": 9, "winner": "nobody"}]))
    with pytest.raises(GateRefusalError):
        try_file(home, str(votes), mapping=str(mapping))
    votes.write_text(csv_text(VOTES))
    report = try_file(home, str(votes), mapping=str(mapping))
    assert (report.status, report.accepted_count, report.duplicate_count) == ("dry_run", 2, 1)
    assert report.position is None
    assert _content(home.root) == before
    assert notes_of(home) == []
    rows = first_rows(str(votes), str(mapping), None)
    assert [row["outcome"] for row in rows] == ["a", "tie", "b"]
    loaded = load_file(home, str(votes), mapping=str(mapping))
    assert (loaded.accepted_count, loaded.duplicate_count) == (2, 1)
