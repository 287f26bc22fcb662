"""`log verify` checks every hash that a commit names, and what a writer could hide in a file."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import rfc8785

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Commit, Names, Segment, hash_of, hashes_in, moment_of
from ingestion.log.compaction import compact
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.salts import METADATA_KEY, Salts
from ingestion.log.segments import WrittenSegment, hash_file
from tests.ingestion.log.events import PRODUCER, battles, commit

HASH = re.compile("[0-9a-f]{64}")


@pytest.fixture
def log(home: Path) -> EventLog:
    opened = EventLog.open(home / "log")
    for number in range(4):
        commit(opened, f"{number}", battles(range(10 * number, 10 * number + 3)))
    return opened


def texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(texts(one) for one in value.values()), set())
    if isinstance(value, list):
        return set().union(*(texts(one) for one in value), set())
    return {value} if isinstance(value, str) else set()


def test_no_hash_of_a_commit_is_left_out(log: EventLog) -> None:
    """A field that is added later has to say what its hash is of."""
    compact(log)
    for seq in range(1, log.head_seq + 1):
        record = json.loads(log.layout.commit(seq).read_bytes())
        seal = record.pop("sha256")
        # The id of a batch names what it adds, and may look like a hash.
        record.pop("batch_id")
        found = {text for text in texts(record) if HASH.fullmatch(text)} - {seal}
        assert {sha256 for _, sha256 in hashes_in(log.commit(seq))} == found


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"{}")])
def test_every_file_that_a_commit_names_is_checked(
    log: EventLog, damage: Callable[[Path], None]
) -> None:
    compact(log)
    layout = log.layout
    named = {
        layout.schema(sha256) if kind is Names.SCHEMA else layout.segment(sha256)
        for made in log.commits()
        for kind, sha256 in hashes_in(made)
        if kind in {Names.SCHEMA, Names.FILE}
    }
    assert len(named) == 7  # four segments, what they became, a schema of each
    for path in named:
        content = path.read_bytes()
        damage(path)
        assert path in {finding.path for finding in log.verify().findings}, path
        path.write_bytes(content)
    assert log.verify().is_ok


def hidden(log: EventLog, metadata: dict[bytes, bytes]) -> Path:
    """A commit by a writer who puts metadata of its own into its file."""
    table, salts = battles(["hidden-1", "hidden-2"]), Salts.fresh(2)
    path = log.layout.tmp / "hidden.parquet"
    metadata = {METADATA_KEY: salts.encode(), **metadata}
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.add_key_value_metadata(metadata)
        writer.write_table(table)
    size, sha256 = path.stat().st_size, hash_file(path)
    publish_segments(log.layout, [WrittenSegment(path=path, sha256=sha256, bytes=size, rows=2)])
    honest = log.commit(1).segments[0]
    root, first = tree_of(table, salts).root.hex(), log.next_position
    segment = replace(
        honest, sha256=sha256, bytes=size, rows=2, row_root=root, first_position=first
    )
    append(log, segment)
    return log.layout.segment(sha256)


def append(log: EventLog, segment: Segment) -> None:
    assert append_record(
        log.layout, log.continued("hidden", PRODUCER, segments=(segment,)), log.layout.tmp
    )
    log.refresh()


def test_metadata_that_nobody_reads_is_found(log: EventLog) -> None:
    assert hidden(log, {}).exists()
    assert log.verify().is_ok


def test_what_a_writer_hides_in_a_file_is_found(log: EventLog) -> None:
    path = hidden(log, {b"of person-7": b"votes Green"})
    [finding] = log.verify().findings
    assert finding.path == path
    assert "of person-7" in finding.message


@pytest.mark.parametrize(
    "salts",
    [
        b"\xff\xfe",
        b"[" * 100_000,
        b"7",
        b'{"rows":2}',
        b'{"rows":1000000000000,"seed":"00"}',
        b'{"rows":2,"seed":null}',
        b'{"erased":{"1":5},"rows":2,"salts":""}',
    ],
)
def test_salts_that_cannot_be_read_are_one_finding(log: EventLog, salts: bytes) -> None:
    path = hidden(log, {METADATA_KEY: salts})
    assert [finding.path for finding in log.verify().findings] == [path]
    compact(log)


def rewritten(log: EventLog, change: dict[str, Any]) -> Path:
    """The last commit with other fields, sealed as it should be."""
    path = log.layout.commit(log.head_seq)
    record = json.loads(path.read_bytes()) | change
    del record["sha256"]
    record["sha256"] = hash_of(rfc8785.dumps(record))
    path.write_bytes(rfc8785.dumps(record))
    return path


@pytest.mark.parametrize("producer", [[], "demoscope", 7, None])
def test_a_producer_is_a_mapping(log: EventLog, producer: Any) -> None:
    path = rewritten(log, {"producer": producer})
    assert path in {finding.path for finding in log.verify().findings}
    with pytest.raises(IntegrityError, match="producer"):
        _ = EventLog.open(log.layout.root).head


def test_the_end_of_time_is_found_and_stops_nothing_else(log: EventLog) -> None:
    path = rewritten(log, {"recorded_at": "9999-12-31T23:59:59.999999Z"})
    assert [finding.path for finding in log.verify().findings] == [path]
    again = EventLog.open(log.layout.root)
    assert again.resolve("2026-01-01T00:00:00Z") == 0
    with pytest.raises(IntegrityError, match="end of time"):
        commit(again, "more", battles(["more"]))


def test_a_year_ahead_is_found(log: EventLog) -> None:
    head = log.head
    assert head is not None
    ahead: Commit = replace(head, recorded_at=moment_of(head.recorded_us + 366 * 86_400 * 10**6))
    path = log.layout.commit(head.seq)
    path.write_bytes(ahead.encode())
    [finding] = log.verify().findings
    assert finding.path == path
    assert "the clock has not reached" in finding.message
