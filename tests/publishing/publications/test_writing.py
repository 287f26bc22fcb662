"""The files of a publication: the same rows in each, typed, described, no formula among them."""

import csv
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.tables import Column
from publishing.publications.writing import DATABASE_FILE, PublishingError, write_files
from tests.publishing.publications.conftest import ABOUT, ROWS, THING

OpenMart = Callable[..., duckdb.DuckDBPyConnection]
PUBLIC = [row for row in ROWS if row[0] in {"all", "US"}]


def test_the_database_has_the_public_rows_types_and_comments(
    open_mart: OpenMart, out: Path
) -> None:
    about, thing = write_files(open_mart(), out, [THING], ABOUT)
    assert (about["row_count"], thing["row_count"], thing["left_out_count"]) == (1, len(PUBLIC), 2)
    with duckdb.connect(out / DATABASE_FILE, read_only=True) as connection:
        columns = connection.sql(
            "select column_name, lower(data_type), comment from duckdb_columns()"
            " where table_name = 'rpt_thing' order by column_index"
        ).fetchall()
        assert columns == [(c.name, c.sql_type, c.description) for c in THING.columns]
        [(comment,)] = connection.sql(
            "select comment from duckdb_tables() where table_name = 'rpt_thing'"
        ).fetchall()
        assert comment == THING.grain
        rows = connection.sql("select * exclude (retired_at) from rpt_thing").fetchall()
        assert rows == sorted(rows)
        assert sorted(map(str, rows)) == sorted(str(row[:5]) for row in PUBLIC)
        [(title, board)] = connection.sql("select title, release_id from publication").fetchall()
        assert (title, board) == (ABOUT["title"], ABOUT["release_id"])
        tables = connection.sql("select table_name from duckdb_tables()").fetchall()
        assert sorted(tables) == [("publication",), ("rpt_thing",)]


def test_the_database_is_written_for_clients_of_version_1_4(open_mart: OpenMart, out: Path) -> None:
    write_files(open_mart(), out, [THING], ABOUT)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{out / DATABASE_FILE}' as it (read_only)")
        [(tags,)] = connection.sql(
            "select tags from duckdb_databases() where database_name = 'it'"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.4.0")


def test_parquet_has_the_same_rows_compressed_and_says_what_it_is_of(
    open_mart: OpenMart, out: Path
) -> None:
    write_files(open_mart(), out, [THING], ABOUT)
    with pq.ParquetFile(out / "rpt_thing.parquet") as file:
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert file.metadata.metadata[b"release_id"].decode() == ABOUT["release_id"]
        table = file.read()
    assert table.column("battle_count").type == pa.int32()
    assert str(table.column("retired_at").type) == "timestamp[us, tz=UTC]"
    with duckdb.connect(out / DATABASE_FILE, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        assert table.to_pylist() == connection.sql("from rpt_thing").to_arrow_table().to_pylist()
    assert len(pd.read_parquet(out / "rpt_thing.parquet")) == len(PUBLIC)


def test_no_cell_of_text_begins_as_a_formula_and_numbers_stay_numbers(
    open_mart: OpenMart, out: Path
) -> None:
    write_files(open_mart(), out, [THING], ABOUT)
    with (out / "rpt_thing.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model_id"] for row in rows if row["model_id"][:1] in set("=+-@\t\r\n")} == set()
    named = {row["model_id"]: row for row in rows}
    assert set(named) == {
        "'=HYPERLINK(1)", "'+1", "'-x", "'@SUM", "'\tx",
        'a "quoted", name', "", "two\nlines", "a=b",
    }  # fmt: skip
    assert named["'=HYPERLINK(1)"]["skill"] == "-1.5"
    assert float(named["'-x"]["skill"]) == 1e-7
    assert named["'=HYPERLINK(1)"]["retired_at"] == "2026-01-02T03:04:05.500000Z"
    assert named["a=b"]["retired_at"] == ""


def test_hashes_are_of_rows_not_of_the_order_they_came_in(
    open_mart: OpenMart, tmp_path: Path
) -> None:
    hashes, files = set(), set()
    for seed in range(5):
        rows = random.Random(seed).sample(ROWS, len(ROWS))
        directory = tmp_path / str(seed)
        directory.mkdir()
        _, thing = write_files(open_mart(rows), directory, [THING], ABOUT)
        hashes.add(thing["rows_sha256"])
        files.add((directory / "rpt_thing.csv").read_bytes())
    assert len(hashes) == len(files) == 1
    with duckdb.connect(tmp_path / "0" / DATABASE_FILE, read_only=True) as connection:
        rows = connection.sql("select * exclude (retired_at) from rpt_thing").fetchall()
    times = {"=HYPERLINK(1)": "2026-01-02T03:04:05.500000Z"}
    lines = [
        json.dumps([*row, times.get(row[1])], ensure_ascii=False, separators=(",", ":")) + "\n"
        for row in rows
    ]
    assert {hashlib.sha256("".join(lines).encode()).hexdigest()} == hashes


def test_a_changed_cell_changes_the_hash(open_mart: OpenMart, tmp_path: Path) -> None:
    hashes = set()
    changes: list[dict[int, Any]] = [{}, {2: -1.5000000001}, {3: 3_001}, {4: None}, {5: None}]
    for number, change in enumerate(changes):
        first = tuple(change.get(place, value) for place, value in enumerate(ROWS[0]))
        directory = tmp_path / str(number)
        directory.mkdir()
        hashes.add(
            write_files(open_mart((first, *ROWS[1:])), directory, [THING], ABOUT)[1]["rows_sha256"]
        )
    assert len(hashes) == len(changes)


def test_a_mart_that_is_not_as_declared_is_refused(open_mart: OpenMart, out: Path) -> None:
    column = Column(name="no_such_column", description="")
    with pytest.raises(PublishingError, match=r"rpt_thing .*no_such_column.*demoscope build"):
        write_files(open_mart(), out, [replace(THING, columns=(column,))], ABOUT)


def test_a_count_that_does_not_fit_is_refused_not_cut(open_mart: OpenMart, out: Path) -> None:
    rows = (("all", "x", 0.0, 2**31, False, None),)
    with pytest.raises(PublishingError, match=r"rpt_thing .*2147483648"):
        write_files(open_mart(rows), out, [THING], ABOUT)
