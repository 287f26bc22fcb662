"""Exports: other engines read the rows, nothing is copied, and they can be made again."""

import contextlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.table import StaticTable

from ingestion.contracts import CONTRACTS
from ingestion.errors import IntegrityError, UsageError
from ingestion.log import EventLog
from ingestion.log.export import MARKER, ExportFormat, export
from ingestion.log.redaction import redact
from ingestion.tables import Column
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import battles, commit, models

BATTLE = EventType.BATTLE_JUDGED
DELTA, ICEBERG = ExportFormat.DELTA, ExportFormat.ICEBERG


def read_delta(path: Path) -> pa.Table:
    return DeltaTable(str(path)).to_pyarrow_table()


def read_iceberg(path: Path) -> pa.Table:
    # As an engine without a catalogue does: the hint, then the metadata it names.
    hint = (path / "metadata" / "version-hint.text").read_text()
    metadata = path / "metadata" / f"v{hint}.metadata.json"
    return StaticTable.from_metadata(f"file://{metadata}").scan().to_arrow()


READERS: dict[ExportFormat, Callable[[Path], pa.Table]] = {
    DELTA: read_delta,
    ICEBERG: read_iceberg,
}


def read_marker(directory: Path) -> dict[str, object]:
    fields: dict[str, object] = json.loads((directory / MARKER).read_bytes())
    return fields


both = pytest.mark.parametrize("kind", list(ExportFormat))


@pytest.fixture
def filled(tmp_path: Path) -> EventLog:
    log = EventLog.open(tmp_path / "a [b] 'c' é" / "log")
    commit(log, "one", battles(range(3)), models(["m"]))
    commit(log, "two", battles(range(3, 7)))
    return log


def ids(kind: ExportFormat, directory: Path, event_type: EventType = BATTLE) -> list[str]:
    found: list[str] = READERS[kind](directory / event_type)["event_id"].to_pylist()
    return sorted(found)


def names(count: int) -> list[str]:
    return [f"battle-{i}" for i in range(count)]


@both
def test_the_same_rows_of_every_event_type(
    filled: EventLog, tmp_path: Path, kind: ExportFormat
) -> None:
    tables = export(filled, tmp_path / "out", kind, 2)
    assert {table.event_type: (table.rows, len(table.files)) for table in tables} == {
        event_type: {"battle_judged": (7, 2), "model_registered": (1, 1)}.get(event_type, (0, 0))
        for event_type in EventType
    }
    for table in tables:
        read = READERS[kind](table.path)
        schema = CONTRACTS[table.event_type].log_schema
        assert read.column_names == schema.names
        assert read.num_rows == table.rows
    read = READERS[kind](tmp_path / "out" / BATTLE)
    schema = CONTRACTS[BATTLE].log_schema
    assert read.cast(schema).sort_by("event_id").equals(battles(range(7)))


def test_datafusion_reads_delta_too(filled: EventLog, tmp_path: Path) -> None:
    export(filled, tmp_path / "out", DELTA, 2)
    table = DeltaTable(str(tmp_path / "out" / BATTLE))
    query = "select outcome, count(*) as n from t group by outcome"
    assert pa.table(QueryBuilder().register("t", table).execute(query).read_all()).to_pylist() == [
        {"outcome": "a", "n": 7}
    ]


@both
def test_nothing_is_copied_and_the_log_is_untouched(
    filled: EventLog, tmp_path: Path, kind: ExportFormat
) -> None:
    export(filled, tmp_path / "out", kind, 2)
    data = [path for path in (tmp_path / "out").rglob("*.parquet") if "_delta_log" not in str(path)]
    assert len(data) == 3
    assert all(path.is_symlink() for path in data)
    assert {path.readlink() for path in data} == {
        filled.layout.segment(segment.sha256).resolve()
        for one in filled.commits()
        for segment in one.segments
    }
    shutil.rmtree(tmp_path / "out")
    report = filled.verify()
    assert report.is_ok
    assert report.notes == []


@both
def test_as_of_and_again(filled: EventLog, tmp_path: Path, kind: ExportFormat) -> None:
    out = tmp_path / "out"
    export(filled, out, kind, 1)
    assert ids(kind, out) == names(3)
    commit(filled, "three", battles(range(7, 9)))
    export(filled, out, kind, 3)
    assert ids(kind, out) == names(9)
    assert read_marker(out)["log_position"] == 3
    assert read_marker(out)["log_hash"] == filled.hash_at(3)
    export(filled, out, kind, 0)
    assert ids(kind, out) == []
    shutil.rmtree(out)
    export(filled, out, kind, 2)
    assert ids(kind, out) == names(7)


@both
def test_erased_rows_are_in_no_export(filled: EventLog, tmp_path: Path, kind: ExportFormat) -> None:
    out = tmp_path / "out"
    export(filled, out, kind, 2)

    def erase(*numbers: int) -> None:
        events = [filled.find_event(f"battle-{number}") for number in numbers]
        assert redact(filled, lambda log: np.array(events)).rows == len(numbers)

    erase(1, 3, 4, 5, 6)
    # What was exported before led to the file that is gone: it answers nothing rather than that.
    with pytest.raises((OSError, pa.ArrowException)):
        ids(kind, out)
    tables = export(filled, out, kind, 2)
    assert {(table.rows, len(table.files)) for table in tables} == {(2, 1), (1, 1), (0, 0)}
    assert ids(kind, out) == ["battle-0", "battle-2"]
    read = READERS[kind](out / BATTLE).cast(CONTRACTS[BATTLE].log_schema)
    assert read.sort_by("event_id").equals(battles([0, 2]))
    erase(0)
    export(filled, out, kind, 2)
    assert ids(kind, out) == ["battle-2"]
    assert len(list((out / BATTLE / "data").iterdir())) == 1
    assert filled.verify().is_ok


def test_a_delta_reader_of_the_version_before_is_not_disturbed(
    filled: EventLog, tmp_path: Path
) -> None:
    export(filled, tmp_path / "out", DELTA, 1)
    before = DeltaTable(str(tmp_path / "out" / BATTLE))
    export(filled, tmp_path / "out", DELTA, 2)
    assert before.to_pyarrow_table().num_rows == 3
    assert DeltaTable(str(tmp_path / "out" / BATTLE)).to_pyarrow_table().num_rows == 7


def test_vacuum_takes_links_not_segments(filled: EventLog, tmp_path: Path) -> None:
    export(filled, tmp_path / "out", DELTA, 2)
    export(filled, tmp_path / "out", DELTA, 1)
    table = DeltaTable(str(tmp_path / "out" / BATTLE))
    gone = table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert gone
    assert filled.verify().is_ok
    export(filled, tmp_path / "out", DELTA, 2)
    assert ids(DELTA, tmp_path / "out") == names(7)


@both
def test_neither_notices_an_edited_file_but_verify_does(
    filled: EventLog, tmp_path: Path, kind: ExportFormat
) -> None:
    """Why an export is not the truth."""
    export(filled, tmp_path / "out", kind, 2)
    head = filled.head
    assert head is not None
    path = filled.layout.segment(head.segments[0].sha256)
    other = EventLog.open(tmp_path / "other" / "log")
    commit(other, "forged", battles(range(3, 7), outcome="b"))
    forged = other.head
    assert forged is not None
    path.write_bytes(other.layout.segment(forged.segments[0].sha256).read_bytes())
    assert ids(kind, tmp_path / "out") == names(7)
    assert [finding.path for finding in filled.verify().findings] == [path]


def test_what_is_refused(filled: EventLog, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="not an export"):
        export(filled, taken, DELTA, 2)
    assert sorted(path.name for path in taken.iterdir()) == ["thesis.txt"]
    with pytest.raises(UsageError, match="inside the log"):
        export(filled, filled.layout.segments / "export", DELTA, 2)
    export(filled, tmp_path / "out", DELTA, 2)
    with pytest.raises(UsageError, match="holds a delta export"):
        export(filled, tmp_path / "out", ICEBERG, 2)
    with pytest.raises(UsageError, match="holds a delta export"):
        export(EventLog.open(tmp_path / "other" / "log"), tmp_path / "out", DELTA, 0)


def test_a_missing_segment_is_named(filled: EventLog, tmp_path: Path) -> None:
    head = filled.head
    assert head is not None
    path = filled.layout.segment(head.segments[0].sha256)
    path.unlink()
    with pytest.raises(IntegrityError, match=path.name):
        export(filled, tmp_path / "out", DELTA, 2)
    assert read_marker(tmp_path / "out")["log_position"] is None


@pytest.mark.parametrize(("kind", "package"), [(DELTA, "deltalake"), (ICEBERG, "pyiceberg")])
def test_without_the_package(
    filled: EventLog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: ExportFormat,
    package: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=r"demoscope\[export\]"):
        export(filled, tmp_path / "out", kind, 2)
    assert not (tmp_path / "out").exists()


@both
def test_a_column_of_a_later_version_is_null_in_older_segments(
    filled: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ExportFormat
) -> None:
    contract = CONTRACTS[BATTLE]
    added = Column(name="mood", description="Added later.", type=pa.int64())
    newer = replace(contract, columns=(*contract.columns, added), version=2)
    monkeypatch.setitem(CONTRACTS, BATTLE, newer)
    at = newer.log_schema.get_field_index("mood")
    commit(filled, "x", battles([9]).set_column(at, "mood", pa.array([5], pa.int64())))
    export(filled, tmp_path / "out", kind, 3)
    read = READERS[kind](tmp_path / "out" / BATTLE).sort_by("event_id")
    assert read["mood"].to_pylist() == [None] * 7 + [5]


def test_iceberg_version_3_cannot_be_written_yet(tmp_path: Path) -> None:
    """Its row lineage could carry positions: docs/exports.md says why it does not."""
    with contextlib.closing(InMemoryCatalog("test")) as catalog:
        catalog.create_namespace("log")
        with pytest.raises(NotImplementedError, match="V3 is not yet supported"):
            catalog.create_table(
                ("log", "battles"),
                battles([1]).schema,
                location=f"file://{tmp_path}/table",
                properties={"format-version": "3"},
            )


def test_duckdb_comes_without_ducklake() -> None:
    """It would have to be downloaded: docs/exports.md says why there is no such export."""
    query = "SELECT installed FROM duckdb_extensions() WHERE extension_name = 'ducklake'"
    with duckdb.connect(config={"extension_directory": "/nonexistent"}) as connection:
        assert connection.sql(query).fetchall() == [(False,)]
