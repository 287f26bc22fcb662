"""Reading as of a commit: the right rows, types and positions, whatever became of the log since."""

import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog, held_files, reader
from ingestion.log.held_files import POSITION_SCHEMA
from ingestion.tables import Column
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import battles, commit, models

BATTLE = EventType.BATTLE_JUDGED


@pytest.fixture
def filled(log: EventLog) -> EventLog:
    commit(log, "one", battles(range(3)), models(["m"]))
    commit(log, "two", battles(range(3, 7)))
    commit(log, "three", models(["n", "o"]), battles(range(7, 9)))
    return log


def test_positions_and_commits(filled: EventLog) -> None:
    table = reader.read(filled, BATTLE)
    assert table["event_id"].to_pylist() == [f"battle-{i}" for i in range(9)]
    assert table["position"].to_pylist() == [1, 2, 3, 5, 6, 7, 8, 11, 12]
    assert table["commit_seq"].to_pylist() == [1] * 3 + [2] * 4 + [3] * 2
    recorded = {commit.seq: commit.recorded_at for commit in filled.commits()}
    assert table["recorded_at"].to_pylist() == [
        recorded[s] for s in table["commit_seq"].to_pylist()
    ]
    assert (
        table.select(CONTRACTS[BATTLE].log_schema.names)
        .cast(CONTRACTS[BATTLE].log_schema)
        .equals(battles(range(9)))
    )


@pytest.mark.parametrize(("as_of", "expected"), [(0, 0), (1, 3), (2, 7), (3, 9), (None, 9)])
def test_as_of(filled: EventLog, as_of: int | None, expected: int) -> None:
    assert reader.read(filled, BATTLE, as_of).num_rows == expected


def test_every_contract_has_a_typed_view(filled: EventLog) -> None:
    with duckdb.connect() as connection:
        reader.register(connection, filled, 3)
        for event_type, contract in CONTRACTS.items():
            described = connection.execute(f"DESCRIBE raw.{event_type}").fetchall()
            expected = [*contract.log_schema, *POSITION_SCHEMA]
            assert [row[0] for row in described] == [field.name for field in expected]
            types = {
                str(field.type): row[1] for field, row in zip(expected, described, strict=True)
            }
            assert (
                types.items()
                <= {
                    "string": "VARCHAR",
                    "int32": "INTEGER",
                    "int64": "BIGINT",
                    "double": "DOUBLE",
                    "timestamp[us, tz=UTC]": "TIMESTAMP WITH TIME ZONE",
                }.items()
            )
            assert connection.execute(f"SELECT count(*) FROM raw.{event_type}").fetchone() == (
                {"battle_judged": 9, "model_registered": 3}.get(event_type, 0),
            )


def test_an_empty_view_has_the_types_of_a_full_one(filled: EventLog) -> None:
    with duckdb.connect() as connection:
        reader.register(connection, filled, 3, "one")
        reader.register(connection, filled, 0, "two")
        for event_type in (BATTLE, EventType.MODEL_REGISTERED):
            described = [
                connection.execute(f"DESCRIBE {schema}.{event_type}").fetchall()
                for schema in ("one", "two")
            ]
            assert [row[:2] for row in described[0]] == [row[:2] for row in described[1]]


def test_views_outlive_the_process_and_later_commits(filled: EventLog, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        reader.register(connection, filled, 2)
    commit(filled, "four", battles([100]))
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        query = "SELECT count(*), max(position) FROM raw.battle_judged"
        assert connection.execute(query).fetchone() == (7, 8)
        reader.register(connection, filled, 4)
        assert connection.execute(query).fetchone() == (10, 13)


def test_a_path_is_not_a_pattern(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "a [b] 'c' *?{d}=1" / "log")
    commit(log, "one", battles(range(3)))
    assert reader.read(log, BATTLE).num_rows == 3


def test_more_files_than_one_scan_takes(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_files, "FILES_PER_SCAN", 3)
    order = list(range(20))
    random.Random(1).shuffle(order)
    for number in order:
        commit(log, f"{number}", battles([number]))
    table = reader.read(log, BATTLE)
    assert table["event_id"].to_pylist() == [f"battle-{i}" for i in order]
    assert table["position"].to_pylist() == list(range(1, 21))


def test_filters_do_not_disturb_positions(filled: EventLog) -> None:
    with duckdb.connect() as connection:
        reader.register(connection, filled, 3)
        query = "SELECT position FROM raw.battle_judged WHERE event_id = 'battle-7'"
        assert connection.execute(query).fetchall() == [(11,)]
        query = "SELECT event_id FROM raw.battle_judged WHERE position = 6 AND commit_seq = 2"
        assert connection.execute(query).fetchall() == [("battle-4",)]


def test_a_column_of_a_later_version_is_null_in_older_segments(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(log, "one", battles([1]))
    contract = CONTRACTS[BATTLE]
    added = Column(name="mood", description="Added later.", type=pa.int64())
    newer = replace(contract, columns=(*contract.columns, added), version=2)
    monkeypatch.setitem(CONTRACTS, BATTLE, newer)
    at = newer.log_schema.get_field_index("mood")
    table = battles([2]).set_column(at, "mood", pa.array([5], pa.int64()))
    assert commit(log, "two", table).is_new
    # The first event again, read under the newer contract: still the same event.
    again = battles([1])
    assert not commit(log, "three", again).is_new
    stored = reader.read(log, BATTLE)
    assert stored["mood"].to_pylist() == [None, 5]
    assert stored["position"].to_pylist() == [1, 2]
    assert log.verify().is_ok
