"""Ids that are spelled in several ways, or may be rounded, are told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources import spellings
from ingestion.sources.json_lines import read_lines
from ingestion.sources.registry import open_source
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text, write

ONE = "1 id is written in more than one way in participant_id and read as one"


def _warnings(path: Path, mapping: str | None = None) -> list[str]:
    source = open_source(str(path), mapping=mapping)
    list(source.batches())
    return list(source.warnings)


def _votes(tmp_path: Path, *workers: object) -> Path:
    return write(tmp_path / "v.csv", csv_text([{**VOTES[0], "worker": who} for who in workers]))


@pytest.mark.parametrize("workers", [("x", "1.10", "1.1"), ("x", "1e2", "100", "1e2")])
def test_two_texts_that_are_one_number(
    tmp_path: Path, mapping: Any, workers: tuple[str, ...]
) -> None:
    said = [
        text
        for text in _warnings(_votes(tmp_path, *workers), mapping())
        if "participant_id" in text
    ]
    assert len(said) == 1
    assert said[0].startswith(ONE)
    assert "such as in rows 2 and 3" in said[0]
    assert not any(worker in said[0].replace("as 1.10 is 1.1", "") for worker in workers[1:])


@pytest.mark.parametrize("workers", [("7", "7.0"), ("1.10", "1.2"), ("True", "true"), ("v1.1",)])
def test_what_is_no_doubt(tmp_path: Path, mapping: Any, workers: tuple[str, ...]) -> None:
    assert _warnings(_votes(tmp_path, *workers), mapping()) == []


def test_the_two_may_be_far_apart_and_in_native_files(
    tmp_path: Path, battle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(read_lines.__kwdefaults__ or {}, "block_bytes", 1024)
    events = [battle(native_id=str(n), participant_id=f"p{n}") for n in range(50)]
    events[0]["participant_id"], events[49]["participant_id"] = "2.50", 2.5
    path = write(tmp_path / "e.jsonl", "\n".join(map(json.dumps, events)))
    assert any(said.startswith(ONE) for said in _warnings(path))


def test_memory_is_bounded(tmp_path: Path, mapping: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spellings, "KEPT", 2)
    path = _votes(tmp_path, "0.5", "0.6", "0.7", "0.70", "0.50")
    (said,) = _warnings(path, mapping(MAPPING.replace("[id, worker]", "id")))
    assert said.startswith(ONE)


@pytest.mark.parametrize("text", ["1E+11", "1e+11", "1.00E+11", "1.2345678901234568e+17"])
def test_a_number_so_long_that_it_may_be_rounded(tmp_path: Path, mapping: Any, text: str) -> None:
    (said,) = (
        said
        for said in _warnings(_votes(tmp_path, "x", text, text), mapping())
        if "participant_id" in said
    )
    assert said.startswith("2 rows have a participant_id written like 1E+11 (first: row 2).")
