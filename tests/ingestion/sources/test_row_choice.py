"""`where` chooses the same rows from every format, however a value is written there."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources.batch import Piece
from ingestion.sources.row_choice import chosen_rows
from ingestion.vocabulary import Refusal
from tests.ingestion.sources.flat import MAPPING, VOTES

_TRUE = ["true", "True", "TRUE", " true ", True, "true\u00a0"]
_FALSE = ["false", "False", False, None, "", "truely", "yes", 1]


@pytest.mark.parametrize("said", _TRUE, ids=repr)
def test_true_is_true_however_it_is_written(said: object) -> None:
    assert _rows_chosen([said], "true") == [True]
    assert _rows_chosen([said], "True") == [True]


@pytest.mark.parametrize("said", _FALSE, ids=repr)
def test_what_is_not_true_is_set_aside(said: object) -> None:
    assert _rows_chosen([said], "true") == [False]


@settings(max_examples=40)
@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_one_value_in_every_type(number: int) -> None:
    texts = [f"{number}", f"{number}.0", f" {number}.00", f"{number + 1}"]
    assert _rows_chosen(texts, f"{number}.000") == [True, True, True, False]
    for kind in (int, float, Decimal):
        assert _rows_chosen([kind(number), kind(number + 1)], f"{number}") == [True, False]


def test_leading_zeros_and_letters_count() -> None:
    assert _rows_chosen(["007", "7", "AB", "ab"], "7", "AB") == [False, True, True, False]


def test_a_row_that_cannot_be_read_stays() -> None:
    piece = Piece(pa.table({"a": [None, "x"]}), np.array([1, 2]), lambda at: ["?" for _ in at])
    piece.objections[0] = Refusal.BROKEN_JSON, None
    chosen = chosen_rows(piece, ["a"], {"a": ("y",)})
    assert (chosen.numbers.tolist(), chosen.objections) == ([1], {0: (Refusal.BROKEN_JSON, None)})


@pytest.mark.parametrize("kind", ["csv", "jsonl", "array", "bool", "text", "int", "float16"])
def test_every_format_has_the_same_rows(
    read: Any, mapping: Any, jsonl: Any, tmp_path: Path, kind: str
) -> None:
    said: list[Any] = [True, False, None, True]
    votes = [{**VOTES[0], "id": n, "anony": one} for n, one in enumerate(said)]
    path = tmp_path / "votes"
    if kind == "csv":
        lines = [",".join("" if v is None else str(v) for v in row.values()) for row in votes]
        path.write_text("\n".join([",".join(votes[0]), *lines]))
    elif kind == "jsonl":
        path = jsonl(*votes)
    elif kind == "array":
        path.write_text(json.dumps(votes))
    else:
        column: Any = {
            "bool": pa.array(said, pa.bool_()),
            "text": pa.array(["True", "False", None, "True"]),
            "int": pa.array(said).cast(pa.int8()),
            "float16": pa.array([None if v is None else np.float16(v) for v in said]),
        }[kind]
        table = pa.Table.from_pylist(votes)
        at = table.column_names.index("anony")
        pq.write_table(table.set_column(at, "anony", column), path)
    asked = "1" if kind in {"int", "float16"} else "true"
    rows = read(path, mapping=mapping(MAPPING + f'where: {{anony: "{asked}"}}\n'))
    assert [row["row_number"] for row in rows] == [1, 4]


def _rows_chosen(said: list[Any], *asked: str) -> list[bool]:
    table = pa.table({"a": pa.array(said)})
    numbers = np.arange(len(said), dtype=np.int64)
    piece = Piece(table, numbers, lambda at: ["" for _ in at])
    chosen = chosen_rows(piece, ["a"], {"a": asked}).numbers.tolist()
    return [number in chosen for number in numbers.tolist()]
