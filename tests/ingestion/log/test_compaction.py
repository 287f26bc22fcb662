"""Compaction changes where rows lie and nothing else: not a value, position, commit or time."""

import threading
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from ingestion.contracts import CONTRACTS
from ingestion.errors import BusyError
from ingestion.log import EventLog, compaction, reader
from ingestion.log.compaction import compact
from ingestion.log.held_files import held_files
from ingestion.tables import Column
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import (
    PRODUCER,
    battles,
    check_once,
    commit,
    compacted_paths,
    segment_paths,
)

BATTLE, MODEL = EventType.BATTLE_JUDGED, EventType.MODEL_REGISTERED


def everything(log: EventLog, as_of: int | None = None) -> dict[EventType, pa.Table]:
    return {event_type: reader.read(log, event_type, as_of) for event_type in EventType}


def test_every_row_is_what_it_was(filled: EventLog) -> None:
    before = everything(filled)
    done = compact(filled)
    assert done.seq == 21
    assert {one.event_type for one in done.merged} == {BATTLE, MODEL}
    assert before[BATTLE].num_rows == 210
    after = everything(filled)
    for event_type, table in before.items():
        assert after[event_type].equals(table), event_type
    head = filled.head
    assert head is not None
    assert (head.event_count, head.segments, head.first_position) == (0, (), 237)
    assert head.next_position == 237
    report = filled.verify()
    assert report.is_ok
    assert report.notes == []
    assert report.event_count == 236


def test_as_of_every_commit_as_before(filled: EventLog) -> None:
    asked = [(seq, kind) for seq in range(21) for kind in (BATTLE, MODEL)]
    before = [reader.read(filled, kind, seq) for seq, kind in asked]
    compact(filled)
    commit(filled, "later", battles(range(8000, 8003)))
    compact(filled)
    for (seq, kind), table in zip(asked, before, strict=True):
        assert reader.read(filled, kind, seq).equals(table)


def test_who_reads_what(filled: EventLog) -> None:
    before = everything(filled)
    compact(filled)
    read = {
        file.sha256
        for files in held_files(filled.commits(), filled.redactions).values()
        for file in files
    }
    merged = [path for path in segment_paths(filled) if path.stem not in read]
    assert len(merged) > 25
    hidden = [path.rename(path.with_suffix(".hidden")) for path in merged]
    assert everything(filled)[BATTLE].equals(before[BATTLE])
    for path in hidden:
        path.rename(path.with_suffix(".parquet"))
    for path in compacted_paths(filled):
        path.unlink()
    assert everything(filled, 20)[BATTLE].equals(before[BATTLE])


def test_fewer_files_and_the_same_query_through_a_view(filled: EventLog) -> None:
    query = "SELECT event_id, commit_seq FROM raw.battle_judged WHERE position BETWEEN 50 AND 60"
    answers, plans = [], []
    for _ in range(2):
        with duckdb.connect() as connection:
            reader.register(connection, filled, filled.head_seq)
            answers.append(connection.sql(f"{query} ORDER BY ALL").fetchall())
            sql = "SELECT sql FROM duckdb_views() WHERE view_name = 'battle_judged'"
            plans.append(connection.sql(sql).fetchall()[0][0].count(".parquet"))
        compact(filled)
    assert answers[0] == answers[1] != []
    assert plans[0] == 20
    assert plans[1] <= 5


def test_again_there_is_nothing_to_do(filled: EventLog) -> None:
    done = compact(filled)
    again = compact(filled)
    assert again == compaction.Compaction(done.seq, ())
    assert filled.head_seq == 21


def test_compacted_files_are_compacted_in_their_turn(log: EventLog) -> None:
    for number in range(64):
        commit(log, f"{number}", battles([number]))
        compact(log)
    table = reader.read(log, BATTLE)
    assert table["event_id"].to_pylist() == [f"battle-{i}" for i in range(64)]
    assert table["position"].to_pylist() == list(range(1, 65))
    assert table["commit_seq"].to_pylist() == sorted(table["commit_seq"].to_pylist())
    copied = sum(file.rows for one in log.commits() for file in one.compacted)
    assert copied <= 64 * 6
    assert log.verify().is_ok


def test_writing_goes_on(filled: EventLog) -> None:
    compact(filled)
    assert not commit(filled, "again", battles(range(1000, 1011))).is_new
    assert commit(filled, "more", battles([5000])).seq == 22
    with EventLog.open(filled.layout.root).begin("conflict", PRODUCER) as batch:
        result = batch.stage(BATTLE, battles([1005, 5000, 9999], outcome="b"))
        assert result.is_conflict.tolist() == [True, True, False]
    check_once(filled, 211)
    assert filled.at_position(236).seq == 20
    assert filled.at_position(237).seq == 22


def test_commits_made_meanwhile(filled: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    other = EventLog.open(filled.layout.root)
    merge = compaction._merge

    def slowly(*args: object) -> object:
        commit(other, f"meanwhile-{other.head_seq}", battles([7000 + other.head_seq]))
        return merge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(compaction, "_merge", slowly)
    before = everything(filled)[BATTLE]
    done = compact(filled)
    assert done.seq > 21
    after = everything(filled)[BATTLE]
    assert after.slice(0, 210).equals(before)
    assert after.num_rows == 210 + done.seq - 21
    assert filled.verify().is_ok


def test_of_two_compactions_one_is_committed(filled: EventLog) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def run(log: EventLog) -> None:
        barrier.wait()
        try:
            outcomes.append(f"{len(compact(log).merged) > 0}")
        except BusyError:
            outcomes.append("busy")

    threads = [
        threading.Thread(target=run, args=(EventLog.open(filled.layout.root),)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("True") == 1
    filled.refresh()
    assert sum(bool(one.compacted) for one in filled.commits()) == 1
    assert filled.verify().is_ok


def test_schemas_are_not_mixed(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(log, "a", battles([1]))
    commit(log, "b", battles([2]))
    contract = CONTRACTS[BATTLE]
    added = Column(name="mood", description="Added later.", type=pa.int64())
    newer = replace(contract, columns=(*contract.columns, added), version=2)
    monkeypatch.setitem(CONTRACTS, BATTLE, newer)
    at = newer.log_schema.get_field_index("mood")
    for number in (3, 4):
        table = battles([number]).set_column(at, "mood", pa.array([number], pa.int64()))
        commit(log, f"{number}", table)
    before = reader.read(log, BATTLE)
    assert [one.rows for one in compact(log).merged] == [2, 2]
    assert reader.read(log, BATTLE).equals(before)
    assert before["mood"].to_pylist() == [None, None, 3, 4]
    assert log.verify().is_ok


def test_an_empty_log(log: EventLog) -> None:
    assert compact(log) == compaction.Compaction(0, ())
