"""Whatever was changed, `verify` finds it and names the file."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.errors import IntegrityError
from ingestion.log import EventLog, reader
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Commit, Segment, moment_of
from ingestion.log.layout import describe_schema, keep_schema
from ingestion.log.segments import write_segment
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles, commit, models

BATTLE = EventType.BATTLE_JUDGED


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    log = EventLog.open(tmp_path_factory.mktemp("home") / "log")
    commit(log, "one", battles(range(20)), models(["m"]))
    commit(log, "two", battles(range(20, 30)))
    assert log.verify().is_ok
    return log


def files(log: EventLog) -> list[Path]:
    """Everything the log consists of; `tmp/` is never read."""
    found = log.layout.root.rglob("*")
    return sorted(p for p in found if p.is_file() and log.layout.tmp not in p.parents)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_is_found(sound: EventLog, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(sound)))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    flipped = content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]
    try:
        path.write_bytes(flipped)
        report = sound.verify()
    finally:
        path.write_bytes(content)
    assert not report.is_ok
    assert path in {finding.path for finding in report.findings}


def test_a_commit_made_anew_is_found_by_the_next(log: EventLog) -> None:
    for number in range(3):
        commit(log, f"batch-{number}", battles([number]))
    second = list(log.commits())[1]
    log.layout.commit(2).write_bytes(replace(second, batch_id="another").encode())
    report = log.verify()
    assert [finding.path for finding in report.findings] == [log.layout.commit(3)]
    with pytest.raises(IntegrityError, match="does not continue"):
        EventLog.open(log.layout.root)


@pytest.mark.parametrize("index", range(8))
def test_any_missing_file_is_found(sound: EventLog, index: int) -> None:
    path = files(sound)[index]
    content = path.read_bytes()
    path.unlink()
    report = sound.verify()
    path.write_bytes(content)
    if path == sound.layout.commit(2):
        # A log that ends earlier is a sound log: only a checkpoint kept elsewhere knows better.
        assert report.is_ok
        assert [Path(note.path).suffix for note in report.notes] == [".parquet"]
    else:
        assert path in {finding.path for finding in report.findings}


def test_counts_are_reported(sound: EventLog) -> None:
    report = sound.verify()
    assert (report.commit_count, report.event_count) == (2, 31)
    assert report.head_hash == sound.head_hash
    assert report.notes == []


def test_a_stray_file_is_a_note_and_is_not_read(log: EventLog) -> None:
    commit(log, "one", battles(range(3)))
    stray = log.layout.segments / "ff" / f"{'f' * 64}.parquet"
    stray.parent.mkdir(exist_ok=True)
    write_segment(stray, battles(["stray"]))
    (log.layout.commits / "notes.txt").write_text("x")
    report = log.verify()
    assert report.is_ok
    assert {note.path for note in report.notes} == {stray, log.layout.commits / "notes.txt"}
    assert reader.read(log, BATTLE).num_rows == 3


def test_an_event_that_is_there_twice_is_found(log: EventLog) -> None:
    """No writer of ours does it: a record made by hand, with a chain that holds."""
    commit(log, "one", battles(range(3)))
    written = write_segment(log.layout.tmp / "x.parquet", battles([2, 7]))
    publish_segments(log.layout, [written])
    segment = Segment(
        event_type="battle_judged",
        first_position=4,
        rows=2,
        row_root=written.row_root,
        bytes=written.bytes,
        sha256=written.sha256,
        schema=keep_schema(log.layout, describe_schema(CONTRACTS[BATTLE])),
    )
    head = log.head
    assert head is not None
    forged = Commit(
        seq=2,
        prev_hash=head.hash,
        batch_id="forged",
        producer=PRODUCER,
        recorded_at=moment_of(head.recorded_us + 1),
        first_position=4,
        event_count=2,
        segments=(segment,),
    )
    assert append_record(log.layout, forged, log.layout.tmp)
    report = log.verify()
    assert [f.path for f in report.findings] == [log.layout.segment(written.sha256)]
    assert "battle-2" in report.findings[0].message


def test_a_row_root_that_is_not_the_rows_is_found(log: EventLog) -> None:
    """A record made by hand over rows that its root does not vouch for."""
    commit(log, "one", battles(range(3)))
    head = log.head
    assert head is not None
    lying = replace(head.segments[0], row_root="0" * 64)
    log.layout.commit(1).write_bytes(replace(head, segments=(lying,)).encode())
    report = log.verify()
    assert [f.path for f in report.findings] == [log.layout.segment(lying.sha256)]
    assert "root" in report.findings[0].message


def test_the_loser_of_a_race_for_one_batch_leaves_no_stray(log: EventLog) -> None:
    other = EventLog.open(log.layout.root)
    with log.begin("one", PRODUCER) as batch:
        batch.stage(BATTLE, battles(range(3)))
        # As if the other writer came first between publishing the segments and the record.
        batch._staged.seal()
        publish_segments(log.layout, (file for _, file in batch._staged.sealed()))
        batch._staged.moved_to(log.layout.segment)
        commit(other, "one", battles(range(3)))
        assert not batch.commit().is_new
    report = log.verify()
    assert (report.findings, report.notes, report.event_count) == ([], [], 3)


def test_a_damaged_segment_stops_the_reader_with_its_name(log: EventLog) -> None:
    commit(log, "one", battles(range(3)))
    head = log.head
    assert head is not None
    path = log.layout.segment(head.segments[0].sha256)
    path.unlink()
    with pytest.raises(IntegrityError, match=path.name):
        reader.read(log, BATTLE)
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(IntegrityError, match=path.name):
        commit(log, "two", battles([1]))
