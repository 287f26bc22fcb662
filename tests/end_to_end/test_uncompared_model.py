"""A model that is registered and never compared, through the whole pipeline."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from ingestion.paths import Home
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.history import battle

NEW = {
    "event_type": "model_registered",
    "source": "office",
    "native_id": "ember",
    "model_id": "ember",
    "display_name": "Ember",
}


def built_with(home: Path, path: Path, event: dict[str, Any]) -> str:
    """What a build says on stderr after one more event."""
    path.write_text(json.dumps(event) + "\n", encoding="utf-8")
    done = demoscope(home, "ingest", path)
    assert done.returncode == 0, done.stderr
    done = demoscope(home, "build")
    assert done.returncode == 0, done.stderr
    return done.stderr


def board(home: Path) -> list[dict[str, Any]]:
    path = Home(home).boards / "current" / "leaderboard.parquet"
    return [row for row in pq.read_table(path).to_pylist() if row["model_id"] == "ember"]


def has_battled(home: Path) -> bool:
    with duckdb.connect(home / "demoscope.duckdb") as connection:
        query = "select has_battled from dim_model where model_id = 'ember'"
        [[found]] = connection.sql(query).fetchall()
    return bool(found)


@pytest.mark.slow
def test_it_is_on_no_board_and_named_until_somebody_compares_it(copy: Path, tmp_path: Path) -> None:
    said = built_with(copy, tmp_path / "registered.jsonl", NEW)
    assert "on no board" in said
    assert "ember" in said
    assert board(copy) == []
    assert not has_battled(copy)
    queue = document(copy, "queue", "--batch", "10", "--format", "json")
    assert "ember" in json.dumps(queue)
    first = battle(1, month=None) | {"native_id": "first", "model_a": "ember"}
    said = built_with(copy, tmp_path / "compared.jsonl", first)
    assert "on no board" not in said
    assert has_battled(copy)
    rows = board(copy)
    assert {row["battle_count"] for row in rows if row["stratum_id"] == "all"} == {1}
    assert all(row["is_provisional"] for row in rows)
