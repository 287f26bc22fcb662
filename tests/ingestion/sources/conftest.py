"""What the tests of the sources share: reading a source whole, small files, the real data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources.batch import Source
from ingestion.sources.registry import open_source
from tests.ingestion.sources.flat import MAPPING

Rows = list[dict[str, Any]]


def _read(source: Source) -> Rows:
    rows: Rows = []
    for batch in source.batches():
        table = batch.table
        assert {"row_number", "refusal", "refusal_column"} <= set(table.column_names)
        originals = batch.originals(range(len(table)))
        assert len(originals) == len(table)
        for row, original in zip(table.to_pylist(), originals, strict=True):
            rows.append({**row, "batch": batch.event_type, "original": original})
    return rows


@pytest.fixture(scope="session")
def read() -> Callable[..., Rows]:
    """Every row of a file, with its batch's event type and its original."""

    def rows(path: Path | str, **options: Any) -> Rows:
        found = _read(open_source(str(path), **options))
        return sorted(found, key=lambda row: row["row_number"])

    return rows


@pytest.fixture(scope="session")
def battle() -> Callable[..., dict[str, Any]]:
    def make(number: int = 0, **changes: Any) -> dict[str, Any]:
        row = {
            "event_type": "battle_judged",
            "source": "sim",
            "native_id": f"b{number}",
            "participant_id": f"p{number % 7}",
            "model_a": "x",
            "model_b": "y",
            "dimension": "overall",
            "outcome": "tie",
            "occurred_at": "2025-01-01T00:00:00Z",
        }
        return {key: value for key, value in {**row, **changes}.items() if value is not ...}

    return make


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: Any, name: str = "events.jsonl", end: bytes = b"\n") -> Path:
        path = tmp_path / name
        parts = [
            line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode()
            for line in lines
        ]
        path.write_bytes(b"".join(part + end for part in parts))
        return path

    return write


@pytest.fixture
def mapping(tmp_path: Path) -> Any:
    def write(text: str = MAPPING) -> str:
        path = tmp_path / "mapping.yml"
        path.write_text(text)
        return str(path)

    return write
