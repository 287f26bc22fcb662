"""A compacted file that was damaged or forged is found; a damaged segment is not compacted."""

from dataclasses import replace

import pyarrow as pa
import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Commit, moment_of
from ingestion.log.compaction import compact
from ingestion.log.held_files import held_files, read_positioned
from ingestion.log.segments import write_table
from tests.ingestion.log.events import PRODUCER, compacted_paths, segment_paths


@pytest.mark.parametrize("at", [100, -100])
def test_a_flipped_bit_in_a_compacted_file_is_found(filled: EventLog, at: int) -> None:
    compact(filled)
    path = compacted_paths(filled)[0]
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
    report = filled.verify()
    assert [finding.path for finding in report.findings] == [path]
    path.unlink()
    assert [finding.path for finding in filled.verify().findings] == [path]


@pytest.mark.parametrize("column", ["position", "commit_seq", "recorded_at", "outcome", "rows"])
def test_a_forged_compaction_is_found(filled: EventLog, column: str) -> None:
    """Its hash and the chain hold; only the rows are not those of the segments."""
    compact(filled)
    honest = filled.head
    assert honest is not None
    was = honest.compacted[0]
    [file] = [
        file
        for files in held_files(filled.commits(), filled.redactions).values()
        for file in files
        if file.sha256 == was.sha256
    ]
    table = read_positioned(filled.layout, file)
    if column == "rows":
        table = table.slice(1)
    else:
        index = table.schema.get_field_index(column)
        values = table[column].take(pa.array([1, 0, *range(2, table.num_rows)]))
        if column == "outcome":
            values = pa.array(["b"] * table.num_rows)
        if column in {"commit_seq", "recorded_at"}:
            values = table[column].take(pa.array([table.num_rows - 1] * table.num_rows))
        table = table.set_column(index, table.schema.field(index), values)
    written = write_table(filled.layout.tmp / "forged.parquet", table)
    publish_segments(filled.layout, [written])
    forged = replace(was, sha256=written.sha256, bytes=written.bytes, rows=was.rows)
    record = Commit(
        seq=honest.seq + 1,
        prev_hash=filled.head_hash,
        batch_id="forged",
        producer=PRODUCER,
        recorded_at=moment_of(honest.recorded_us + 1),
        first_position=honest.next_position,
        event_count=0,
        compacted=(forged,),
    )
    assert append_record(filled.layout, record, filled.layout.tmp)
    report = filled.verify()
    assert [finding.path for finding in report.findings] == [filled.layout.segment(written.sha256)]


def test_a_damaged_segment_is_not_compacted(filled: EventLog) -> None:
    path = segment_paths(filled)[0]
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=path.name):
        compact(filled)
    assert filled.head_seq == 20
    assert list(filled.layout.tmp.glob("batch-*")) == []
