"""Flat files by mapping: every row is accounted for, and what is odd is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import DemoscopeError
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import inspect_file
from tests.ingestion.sources.flat import VOTES, csv_text, write


@pytest.mark.parametrize("value", ["a", "Left", "LEFT ", "both_bad"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_an_outcome_that_is_not_listed_is_refused(
    read: Any, tmp_path: Path, mapping: Any, value: str, kind: str
) -> None:
    votes = [VOTES[0], {**VOTES[1], "winner": value}, {**VOTES[2], "winner": None}]
    path = tmp_path / f"v.{kind}"
    if kind == "csv":
        write(path, csv_text(votes))
    elif kind == "jsonl":
        write(path, "\n".join(json.dumps(vote) for vote in votes))
    else:
        pq.write_table(pa.Table.from_pylist(votes), path)
    rows = read(path, mapping=mapping())
    objections = [(row["refusal"], row["refusal_column"]) for row in rows]
    # A missing outcome is the gate's to refuse.
    assert objections == [(None, None), ("unknown_value", "outcome"), (None, None)]
    assert rows[1]["outcome"] == value
    assert rows[2]["outcome"] is None


def test_a_stray_quote_takes_no_other_row_with_it(read: Any, tmp_path: Path, mapping: Any) -> None:
    lines = [b"id,worker,left,right,winner", b'1,w\xe9,5" disk,m2,left', b'2,w,5" disk,m2,left']
    rows = read(write(tmp_path / "v.csv", b"\n".join(lines)), mapping=mapping())
    assert [row["refusal"] for row in rows] == ["not_utf8", None]
    assert rows[1]["model_a"] == '5" disk'


def csv_pieces(path: Path, **options: Any) -> tuple[list[Any], dict[int, str]]:
    """The values of the first column, and the reasons by row number."""
    values: list[Any] = []
    reasons: dict[int, str] = {}
    for piece in CsvRows(inspect_file(str(path)), **options).pieces(["a"]):
        values += piece.table.column(0).to_pylist()
        reasons |= {int(piece.numbers[row]): str(why) for row, (why, _) in piece.objections.items()}
    return values, reasons


def test_a_quote_never_closed_spoils_its_own_line_also_after_lone_carriage_returns(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "v.csv", b'a,b\r"u,1\rx,2\ry,3\r')
    assert csv_pieces(path) == ([None, "x", "y"], {1: "wrong_column_count"})


@pytest.mark.parametrize("block_bytes", [4, 5, 9, 64])
def test_a_byte_order_mark_inside_the_file_is_part_of_its_field(
    tmp_path: Path, block_bytes: int
) -> None:
    path = write(tmp_path / "v.csv", b"\xef\xbb\xbfa,b\n\xef\xbb\xbfx,1\ny,2\n")
    assert csv_pieces(path, block_bytes=block_bytes) == (["\ufeffx", "y"], {})


@pytest.mark.slow
def test_quotes_that_are_never_closed_all_over_a_file_are_refused_in_time(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", b"a,b\n" + b'x","a\n' * 500_000)
    with pytest.raises(DemoscopeError, match="never closed; the last begins"):
        csv_pieces(path)


def test_csv_rows_are_accounted_for_one_by_one(read: Any, tmp_path: Path, mapping: Any) -> None:
    rows_ = [
        b"1,w,m1,m2,left",
        b'2,"w ""q"", and\nmore",m1,m2,left',
        b"3,w,m1,m2",
        b"",
        b"4,w,m1,m2,left,extra",
        b"5,w\xe9,m1,m2,left",
        b'6,w,5" disk,m2,left',
        b"7,,m1,m2,tie\r",
        b'8,w,m1,"m2,right',
        b"9,w,m1,m2,right",
    ]
    path = write(
        tmp_path / "v.csv", b"\xef\xbb\xbfid,worker,left,right,winner\n" + b"\n".join(rows_)
    )
    rows = read(path, mapping=mapping())
    assert [row["row_number"] for row in rows] == list(range(1, 10))
    assert [row["refusal"] for row in rows] == [
        None,
        None,
        "wrong_column_count",
        "wrong_column_count",
        "not_utf8",
        None,
        None,
        "wrong_column_count",
        None,
    ]
    assert rows[1]["participant_id"] == 'w "q", and\nmore'
    assert rows[1]["original"] == rows_[1].decode()
    assert rows[4]["original"] == "5,w\\xe9,m1,m2,left"
    assert rows[5]["model_a"] == '5" disk'
    assert (rows[6]["participant_id"], rows[6]["native_id"]) == (None, None)
    assert rows[7]["original"] == '8,w,m1,"m2,right'
    assert rows[8]["native_id"] == '["9","w"]'


_LETTER = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\r\n\t\",'")
_CELL = st.text(_LETTER, max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=20),
    block=st.sampled_from([16, 64, 1 << 20]),
)
def test_csv_round_trip(tmp_path: Path, table: list[tuple[str, str, str]], block: int) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["x", "y", "z"])
    writer.writerows(table)
    path = write(tmp_path / "round.csv", out.getvalue())
    cells: list[tuple[Any, ...]] = []
    for piece in CsvRows(inspect_file(str(path)), block_bytes=block).pieces(["x", "y", "z"]):
        assert not piece.objections
        columns = [piece.table[f"c{n}"].to_pylist() for n in range(3)]
        cells += zip(*columns, strict=True)
    assert cells == [tuple(cell or None for cell in row) for row in table]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.lists(
        st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"a", b'""', b"\xff", b" ", b"\0"])
    ).map(b"".join),
    block=st.sampled_from([4, 7, 1 << 20]),
)
def test_csv_garbage_is_accounted_for_whatever_the_block(
    tmp_path: Path, content: bytes, block: int
) -> None:
    path = write(tmp_path / "garbage.csv", b"x,y" + b"y" * 200 + b"\n" + content)
    try:
        file = inspect_file(str(path))
    except DemoscopeError:
        return
    found: list[Any] = []
    kept = ""
    for piece in CsvRows(file, block_bytes=block).pieces(["x"]):
        values = piece.table["c0"].to_pylist()
        numbers = range(len(found) + 1, len(found) + len(values) + 1)
        assert piece.numbers.tolist() == list(numbers)
        found += ((value, piece.objections.get(row)) for row, value in enumerate(values))
        kept += "".join(piece.originals(range(len(values))))
    # Nothing but blank lines is left out.
    written = content.translate(None, b"\r\n").decode("utf-8", "backslashreplace")
    assert kept.replace("\r", "").replace("\n", "") == written
