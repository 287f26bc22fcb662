"""Words for missing: null where a mapping reads them, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.sources.missing import WORDS
from ingestion.sources.registry import open_source
from tests.ingestion.sources.flat import MAPPING, VOTES, core, csv_text, write

PEOPLE = """
source: mine
event: participant_enrolled
columns:
  native_id: pid
  participant_id: pid
  country: {column: land, values: {United Kingdom: UK, NA: Namibia, left: null}}
  politics: party
"""


@pytest.mark.parametrize("word", [*WORDS, "Prefer not to say", " NA "])
def test_a_word_for_missing_is_no_participant_and_no_model(
    read: Any, tmp_path: Path, mapping: Any, word: str
) -> None:
    text = MAPPING.replace("[id, worker]", "id")
    votes = [{**VOTES[0], "worker": word}, {**VOTES[1], "left": word}]
    rows = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping(text))
    assert [row["participant_id"] for row in rows] == [None, "w1"]
    assert [row["model_a"] for row in rows] == ["m1", None]


def test_a_list_replaces_the_usual_words(read: Any, tmp_path: Path, mapping: Any) -> None:
    votes = [{**VOTES[0], "left": word} for word in ("NA", "-", "None")]
    path = write(tmp_path / "v.csv", csv_text(votes))
    for missing, models in (
        ("missing: []", ["NA", "-", "None"]),
        ("missing: ['-', NULL]", ["NA", None, "None"]),
    ):
        rows = read(path, mapping=mapping(MAPPING + missing))
        assert [row["model_a"] for row in rows] == models
    own = MAPPING.replace("model_a: left", "model_a: {column: left, missing: [None]}")
    rows = read(path, mapping=mapping(own))
    assert [row["model_a"] for row in rows] == ["NA", "-", None]


def test_answers_and_listed_words_keep_their_meaning(
    read: Any, tmp_path: Path, mapping: Any
) -> None:
    people = [
        {"pid": "1", "land": "NA", "party": "None"},
        {"pid": "2", "land": "left", "party": "Prefer not to say"},
        {"pid": "3", "land": "DATA_EXPIRED", "party": "DATA_EXPIRED"},
        {"pid": "4", "land": "CONSENT_REVOKED", "party": "NULL"},
    ]
    path = write(tmp_path / "p.csv", csv_text(people))
    rows = read(path, mapping=mapping(PEOPLE))
    assert [row["country"] for row in rows] == ["Namibia", None, None, None]
    assert [row["politics"] for row in rows] == ["None", "Prefer not to say", None, None]
    assert not any(row["refusal"] for row in rows)
    source = open_source(str(path), mapping=mapping(PEOPLE))
    list(source.batches())
    said = "\n".join(source.warnings)
    assert "1 cell of country read 'DATA_EXPIRED' (first: row 3)" in said
    assert "demoscope log erase" in said


def test_free_text_may_say_none(read: Any, tmp_path: Path, mapping: Any) -> None:
    text = """
source: mine
event: model_retired
missing: [None]
columns: {native_id: id, model_id: left, reason: why}
"""
    path = write(tmp_path / "v.csv", csv_text([{"id": 1, "left": "m1", "why": "None"}]))
    assert read(path, mapping=mapping(text))[0]["reason"] == "None"


_CELL = st.sampled_from([None, "m1", "m2", "left"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(*4 * [_CELL]), min_size=1, max_size=8),
    words=st.lists(st.sampled_from(WORDS), min_size=4, max_size=4),
    kind=st.sampled_from(["csv", "jsonl", "parquet"]),
)
def test_a_word_for_missing_reads_as_nothing_does(
    read: Any, tmp_path: Path, mapping: Any, cells: Any, words: list[str], kind: str
) -> None:
    """Whatever the format: with words the file means what it means with empty cells."""
    names = ("worker", "left", "right", "winner")
    said = mapping(MAPPING.replace("[id, worker]", "id"))

    def events(blanks: list[str | None], name: str) -> Any:
        rows = [
            {"id": str(n)}
            | {
                column: blank if cell is None else cell
                for column, cell, blank in zip(names, row, blanks, strict=True)
            }
            for n, row in enumerate(cells)
        ]
        path = tmp_path / f"{name}.{kind}"
        if kind == "csv":
            write(path, csv_text(rows))
        elif kind == "jsonl":
            write(path, "".join(json.dumps(row) + "\n" for row in rows))
        else:
            table = {c: pa.array([row[c] for row in rows], pa.string()) for c in ("id", *names)}
            pq.write_table(pa.table(table), path)
        return core(read(path, mapping=said))

    assert events(list(words), "words") == events([None] * 4, "nothing")
