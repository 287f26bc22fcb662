"""Cut off anywhere, an erasure leaves a whole log; a false one is found."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog, redaction
from ingestion.log.append import append_record, publish_segments
from ingestion.log.chain import Redacted
from ingestion.log.salts import COMMITMENT_BYTES, Salts
from ingestion.log.segments import read_segment, write_segment
from tests.ingestion.log.erasing import (
    ANNA,
    BATTLE,
    BEN,
    HERS,
    battle,
    erase_rows,
    everything,
    files_that_mention,
    fill,
    less,
    rows,
)
from tests.ingestion.log.events import commit
from tests.ingestion.log.test_faults import complaint_of, failing

REPOSITORY = Path(__file__).resolve().parents[3]
CALLS = ("link", "fsync", "rename", "unlink")


def check_finished(log: EventLog, before: dict[Any, pa.Table]) -> None:
    """Whatever happened, the same call makes an end of it, and nothing else was touched."""
    assert log.verify().findings == []
    erase_rows(log)
    report = log.verify()
    assert report.findings == []
    assert {Path(note.path).parent for note in report.notes} <= {log.layout.schemas}
    assert report.redacted_count == len(HERS)
    assert files_that_mention(log.layout.root, ANNA) == []
    left = less(before, HERS)
    assert all(table.equals(left[kind]) for kind, table in everything(log).items())


@pytest.mark.parametrize("call", CALLS)
def test_a_disk_that_fails_at_any_step(
    home: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Some of the steps; slow tests kill at each."""
    number, is_over = 1, False
    while not is_over:
        log = fill(EventLog.open(home / f"{number}" / "log"), is_compacted=number % 2 > 0)
        before, seen = everything(log), list[int]()
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing(getattr(os, call), number, errno.EIO, seen))
            complaint = complaint_of(lambda: erase_rows(log))  # noqa: B023
        assert complaint is None or "Input/output error" in complaint
        is_over = len(seen) < number
        check_finished(EventLog.open(log.layout.root), before)
        number += 8 if call == "fsync" else 3
    assert number > 4


KILLED = """
import os, signal, sys
from pathlib import Path
from ingestion.log import EventLog
from tests.ingestion.log.erasing import erase_rows
log = EventLog.open(Path(sys.argv[1]))
call, number, when = sys.argv[2], int(sys.argv[3]), sys.argv[4]
original, seen = getattr(os, call), []
def patched(*arguments, **options):
    seen.append(1)
    number_here = len(seen)
    if number_here == number and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        return original(*arguments, **options)
    finally:
        if number_here == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
setattr(os, call, patched)
erase_rows(log)
print(len(seen), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_every_step(home: Path, call: str, when: str) -> None:
    number, code = 1, -signal.SIGKILL
    while code == -signal.SIGKILL:
        root = home / f"{number}" / "log"
        before = everything(fill(EventLog.open(root)))
        arguments = [str(root), call, str(number), when]
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
        code = killed.returncode
        assert code in {0, -signal.SIGKILL}, killed.stderr
        check_finished(EventLog.open(root), before)
        number += 1
    assert number > 2, "there was no such step"


def forged(log: EventLog, table: pa.Table, *, count: int, erased: list[int]) -> EventLog:
    """A redaction made by hand of the first segment: its hash and the chain hold."""
    head = log.head
    assert head is not None
    named = next(log.commits()).segments[0]
    original, salts = read_segment(log.layout.segment(named.sha256))
    left = salts.without(redaction._commitments(original, salts, np.array(erased, np.int64)))
    written = write_segment(log.layout.tmp / "forged.parquet", table, left)
    publish_segments(log.layout, [written])
    said = Redacted(
        event_type=named.event_type,
        original=named.sha256,
        bytes=written.bytes,
        sha256=written.sha256,
        rows=count,
    )
    record = log.continued("forged", {}, redacted=(said,))
    assert append_record(log.layout, record, log.layout.tmp)
    return EventLog.open(log.layout.root)


def without(log: EventLog, erased: list[int]) -> pa.Table:
    table, _ = read_segment(log.layout.segment(next(log.commits()).segments[0].sha256))
    return redaction.erased(table, np.isin(np.arange(table.num_rows), erased))


def messages(log: EventLog) -> str:
    return "; ".join(finding.message for finding in log.verify().findings)


@pytest.fixture
def plain(log: EventLog) -> EventLog:
    commit(log, "one", rows(BATTLE, *map(battle, range(6))))
    return log


def test_an_honest_one_by_hand_is_whole(plain: EventLog) -> None:
    log = forged(plain, without(plain, [0, 3]), count=2, erased=[0, 3])
    assert messages(log) == ""
    assert [Path(note.path).stem for note in log.verify().notes] == [
        next(log.commits()).segments[0].sha256
    ]


def test_a_row_changed_under_cover_of_an_erasure_is_found(plain: EventLog) -> None:
    table = without(plain, [0])
    outcome = ["a", "b", *["a"] * 4]
    place = table.column_names.index("outcome")
    table = table.set_column(place, table.schema.field(place), [pa.array(outcome)])
    assert "root" in messages(forged(plain, table, count=1, erased=[0]))


def test_another_type_under_cover_of_an_erasure_is_found(plain: EventLog) -> None:
    """No leaf has the type: the segment says it for all its rows."""
    table = without(plain, [0])
    place = table.column_names.index("event_type")
    types = pa.array(["battle_judged", *["participant_excluded"] * 5])
    table = table.set_column(place, table.schema.field(place), [types])
    assert "it has {'participant_excluded'}" in messages(forged(plain, table, count=1, erased=[0]))


def test_a_redaction_that_names_another_type_is_found(plain: EventLog) -> None:
    named = next(plain.commits()).segments[0].sha256
    said = Redacted(event_type="label", original=named, bytes=1, sha256="1" * 64, rows=1)
    record = plain.continued("forged", {}, redacted=(said,))
    assert append_record(plain.layout, record, plain.layout.tmp)
    assert "is of label" in messages(EventLog.open(plain.layout.root))


@pytest.mark.parametrize(("written", "forged"), [(b'"0"', b'"00"'), (b"{", b"{ ")])
def test_salts_have_one_form(written: bytes, forged: bytes) -> None:
    content = Salts.fresh(3).without({0: bytes(COMMITMENT_BYTES)}).encode()
    assert Salts.decode(content).encode() == content
    with pytest.raises(ValueError, match="as they are written"):
        Salts.decode(content.replace(written, forged))


def test_a_salt_left_of_an_erased_row_is_found() -> None:
    left = Salts.fresh(3).without({0: bytes(COMMITMENT_BYTES)})
    with pytest.raises(ValueError, match="not the salts"):
        replace(left, kept=b"\1" + left.kept[1:])


def test_a_row_left_out_is_found(plain: EventLog) -> None:
    with pytest.raises(ValueError, match="6 salts for 5 rows"):
        forged(plain, without(plain, [0]).slice(1), count=1, erased=[0])


def test_another_event_in_an_erased_rows_place_is_found(plain: EventLog) -> None:
    """Its leaf does not depend on what it says: it must say nothing."""
    whole = without(plain, [])
    assert "more than id and type" in messages(forged(plain, whole, count=1, erased=[0]))


@pytest.mark.parametrize("count", [0, 2])
def test_a_count_that_is_not_the_files_is_found(plain: EventLog, count: int) -> None:
    log = forged(plain, without(plain, [0]), count=count, erased=[0])
    assert f"1 of its rows are erased; commits say {count}" in messages(log)


def test_erasing_rows_of_a_file_that_is_not_there_is_found(plain: EventLog) -> None:
    said = Redacted(event_type="battle_judged", original="0" * 64, bytes=1, sha256="1" * 64, rows=1)
    record = plain.continued("forged", {}, redacted=(said,))
    assert append_record(plain.layout, record, plain.layout.tmp)
    assert "is not there" in messages(EventLog.open(plain.layout.root))


@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_byte_flipped_in_a_file_with_erased_rows_is_found(
    log: EventLog, *, is_compacted: bool
) -> None:
    fill(log, is_compacted=is_compacted)
    erase_rows(log)
    for named in [one.original for made in log.commits() for one in made.redacted]:
        path = log.segment_path(named)
        content = path.read_bytes()
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        assert path in {finding.path for finding in log.verify().findings}
        path.write_bytes(content)
    assert log.verify().is_ok


def test_a_damaged_row_is_not_rewritten(plain: EventLog) -> None:
    """The file holds together, but it is not what was committed: nothing may vouch for it."""
    named = next(plain.commits()).segments[0]
    path = plain.layout.segment(named.sha256)
    table, salts = read_segment(path)
    other = rows(BATTLE, *(battle(number) | {"outcome": "b"} for number in range(6)))
    write_segment(path, other.cast(table.schema), salts)
    with pytest.raises(IntegrityError, match="does not have the hash"):
        erase_rows(plain, BEN)
    assert EventLog.open(plain.layout.root).head_seq == 1
