"""What spreadsheets and survey tools write above the data, and which rows a mapping means."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import LoadRefusedError, UsageError
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import inspect_file
from ingestion.sources.registry import open_source
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text

_SEMICOLONS = csv_text(VOTES).replace(",", ";")
_PEOPLE = """
source: mine
event: participant_enrolled
columns: {native_id: pid, participant_id: pid, country: country}
"""
_QUALTRICS = (
    'pid,country\n"Your ""ID""\nplease","Where, exactly?"\n'
    '"{""ImportId"":""QID1""}","{""ImportId"":""QID2_TEXT"",""timeZone"":""UTC""}"\n'
    "p1,US\np2\np3,UK\n"
)


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"])
@pytest.mark.parametrize("said", ["", "file: {delimiter: ';'}\n"])
def test_a_sep_line_is_understood(
    read: Any, mapping: Any, tmp_path: Path, first: str, said: str
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(first + _SEMICOLONS, encoding="utf-8", newline="")
    rows = read(path, mapping=mapping(MAPPING + said))
    assert [(row["row_number"], row["model_a"], row["refusal"]) for row in rows] == [
        (1, "m1", None),
        (2, "m1", None),
        (3, "m3", None),
    ]


def test_a_sep_line_that_the_mapping_contradicts_is_named(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("sep=;\n" + _SEMICOLONS)
    with pytest.raises(LoadRefusedError, match=r"first line says that ';' .* says '\|'"):
        read(path, mapping=mapping(MAPPING + "file: {delimiter: '|'}\n"))


def test_rows_of_qualtrics_are_skipped_and_counted(mapping: Any, read: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(_QUALTRICS)
    source = open_source(str(path), mapping=mapping(_PEOPLE))
    assert sum(len(batch.table) for batch in source.batches()) == 3
    assert "Rows 1 to 2 hold Qualtrics'" in source.warnings[0]
    rows = read(path, mapping=mapping(_PEOPLE))
    found = [(row["row_number"], row["participant_id"], row["refusal"]) for row in rows]
    assert found == [(3, "p1", None), (4, None, "wrong_column_count"), (5, "p3", None)]
    assert rows[1]["original"] == "p2"
    kept = read(path, mapping=mapping(_PEOPLE + "file: {skip_rows: 0}\n"))
    assert [row["row_number"] for row in kept] == [1, 2, 3, 4, 5]
    fewer = read(path, mapping=mapping(_PEOPLE + "file: {skip_rows: 4}\n"))
    assert [(row["row_number"], row["participant_id"]) for row in fewer] == [(5, "p3")]


def test_rows_to_skip_may_lie_in_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("sep=;\npid;country\n" + "".join(f"p{n};US\n" for n in range(1, 40)))
    for size in (3, 7, 16, 64):
        rows = CsvRows(inspect_file(str(path)), None, 20, block_bytes=size)
        pieces = list(rows.pieces(["pid"]))
        numbers = [number for piece in pieces for number in piece.numbers.tolist()]
        names = [name for piece in pieces for name in piece.table.column(0).to_pylist()]
        assert numbers == list(range(21, 40))
        assert names == [f"p{number}" for number in numbers]


def test_skip_rows_is_a_number_and_is_about_csv(read: Any, mapping: Any, jsonl: Any) -> None:
    with pytest.raises(UsageError, match="skip_rows: 'two' is no number"):
        read("x.csv", mapping=mapping(MAPPING + "file: {skip_rows: two}\n"))
    with pytest.raises(LoadRefusedError, match="is jsonl, and skip_rows"):
        read(jsonl(*VOTES), mapping=mapping(MAPPING + "file: {skip_rows: 1}\n"))


_CHOSEN = MAPPING + 'where: {anony: "true", turn: [1, 2]}\n'
_TURNS: list[tuple[Any, Any]] = [(True, 1), (False, 1), (True, 3), (None, 1), (True, 2)]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "float.parquet"])
def test_rows_that_are_not_meant_are_set_aside_and_counted(
    mapping: Any, jsonl: Any, tmp_path: Path, kind: str
) -> None:
    votes = [{**VOTES[0], "id": n, "anony": a, "turn": t} for n, (a, t) in enumerate(_TURNS)]
    path = tmp_path / f"votes.{kind}"
    if kind == "csv":
        path.write_text(csv_text(votes))
    elif kind == "jsonl":
        path = jsonl(*votes)
    else:
        table = pa.Table.from_pylist(votes)
        if kind.startswith("float"):
            turns = table["turn"].cast(pa.float64())
            table = table.set_column(table.column_names.index("turn"), "turn", turns)
        pq.write_table(table, path)
    source = open_source(str(path), mapping=mapping(_CHOSEN))
    numbers, originals = [], []
    for batch in source.batches():
        numbers += batch.table["row_number"].to_pylist()
        originals += batch.originals(range(len(batch.table)))
    assert numbers == [1, 5]
    assert re.match(r'4,|\{"id": ?4,', originals[1])
    assert source.set_aside_count == 3
    assert source.warnings == ["Rows set aside by `where` of the mapping: 3."]


def test_a_row_that_cannot_be_read_is_refused_and_not_set_aside(
    read: Any, mapping: Any, jsonl: Any
) -> None:
    chosen = MAPPING + 'where: {anony: "true"}\n'
    meant, other = {**VOTES[0], "anony": True}, {**VOTES[0], "anony": False, "left": {"a": 1}}
    rows = read(jsonl(meant, b"{", other, {**meant, "left": [1]}), mapping=mapping(chosen))
    assert [(row["row_number"], row["refusal"]) for row in rows] == [
        (1, None),
        (2, "broken_json"),
        (4, "wrong_type"),
    ]
    with pytest.raises(LoadRefusedError, match="has no column 'anony', which `where`"):
        read(jsonl(*VOTES), mapping=mapping(chosen))


def test_lines_of_delimiters_alone_are_set_aside(mapping: Any, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(f'{_SEMICOLONS};;;;\r\n\r\n;;;;\n"";;;;\n;m1;;;\n;;;;;;\n')
    source = open_source(str(path), mapping=mapping(f"{MAPPING}file: {{delimiter: ';'}}\n"))
    numbers = [row for one in source.batches() for row in one.table["row_number"].to_pylist()]
    # What says anything, if only a quote or another width, is somebody's row, and is judged.
    assert numbers == [1, 2, 3, 6, 7, 8]
    assert source.set_aside_count == 2
    assert "Lines of delimiters alone, set aside: 2." in source.warnings


def _in_german(encoding: str) -> bytes:
    text = csv_text([{**row, "left": f"Größe {row['left']}"} for row in VOTES])
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-1", "iso-8859-15", "windows-1250"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_mapping_says_what_a_file_is_written_in(
    read: Any, mapping: Any, tmp_path: Path, encoding: str, is_packed: bool
) -> None:
    path, content = tmp_path / "votes.csv", _in_german(encoding)
    path.write_bytes(gzip.compress(content) if is_packed else content)
    rows = read(path, mapping=mapping(f"{MAPPING}file: {{encoding: {encoding}}}\n"))
    assert [row["model_a"] for row in rows] == ["Größe m1", "Größe m1", "Größe m3"]
    assert rows[0]["original"] == "1,w1,Größe m1,m2,left"


def test_a_byte_that_is_no_letter_of_the_encoding_refuses_its_row(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(_in_german("cp1252").replace(b"m3", b"\x81", 1))
    rows = read(path, mapping=mapping(f"{MAPPING}file: {{encoding: windows-1252}}\n"))
    assert [row["refusal"] for row in rows] == [None, "not_utf8", None]


def test_an_encoding_that_would_spoil_letters_is_refused(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(_in_german("utf-8"))
    with pytest.raises(LoadRefusedError, match="looks like UTF-8, and the mapping says windows"):
        read(path, mapping=mapping(f"{MAPPING}file: {{encoding: windows-1252}}\n"))
    assert len(read(path, mapping=mapping(f"{MAPPING}file: {{encoding: utf-8}}\n"))) == 3
    with pytest.raises(UsageError, match="unknown encoding 'cp1252'"):
        read(path, mapping=mapping(f"{MAPPING}file: {{encoding: cp1252}}\n"))
    pq.write_table(pa.table({"id": [1]}), path)
    with pytest.raises(LoadRefusedError, match="is Parquet, which has no encoding"):
        read(path, mapping=mapping(f"{MAPPING}file: {{encoding: windows-1252}}\n"))


def test_and_also_where_its_first_letter_comes_late(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    path, old = tmp_path / "votes.csv", mapping(f"{MAPPING}file: {{encoding: windows-1252}}\n")
    votes = [{**VOTES[0], "id": str(number)} for number in range(10_000)]
    late = csv_text([*votes, {**VOTES[0], "id": "last", "left": "Größe"}])
    path.write_bytes(late.encode("utf-8"))
    with pytest.raises(LoadRefusedError, match="looks like UTF-8, and the mapping says windows"):
        read(path, mapping=old)
    path.write_bytes(late.encode("cp1252"))
    assert read(path, mapping=old)[-1]["model_a"] == "Größe"


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_letter_at_the_end_is_not_taken_for_one_of_utf8(
    read: Any, mapping: Any, tmp_path: Path, end: str
) -> None:
    path = tmp_path / "votes.csv"
    fields = [*VOTES[0]]
    row = {**VOTES[0], fields[-1]: "René"}
    path.write_bytes((csv_text([row]).rstrip() + end).encode("cp1252"))
    assert len(read(path, mapping=mapping(f"{MAPPING}file: {{encoding: windows-1252}}\n"))) == 1


def test_a_header_that_is_not_utf8_says_what_to_write(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes("Größe,id\n1,2\n".encode("cp1252"))
    with pytest.raises(LoadRefusedError, match=r"file: \{encoding: windows-1252\}"):
        read(path, mapping=mapping(MAPPING))


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("0,71", "0.71"),
        ("-1.234.567,50", "-1234567.50"),
        (" 4,0 ", "4"),
        ("12", "12"),
        ("1.234", "1234"),
        ("0.715", "0.715"),
        ("1,2,3", "1,2,3"),
        ("viel", "viel"),
    ],
)
def test_numbers_with_a_decimal_comma(
    read: Any, mapping: Any, tmp_path: Path, written: str, read_as: str
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"id;model;score\n1;m;{written}\n")
    said = """
source: mine
event: benchmark_reported
file: {delimiter: ";"}
columns:
  native_id: id
  model_id: model
  benchmark: {constant: mmlu}
  score: {column: score, decimal: ","}
"""
    [row] = read(path, mapping=mapping(said))
    assert row["score"] == read_as


def test_a_decimal_mark_is_said_of_numbers_alone(read: Any, mapping: Any, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(csv_text(VOTES))
    said = MAPPING.replace("model_a: left", 'model_a: {column: left, decimal: ","}')
    with pytest.raises(UsageError, match="model_a is not a number"):
        read(path, mapping=mapping(said))
