"""What no commit names is destroyed, and never what a writer is about to name."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.errors import BusyError
from ingestion.log import EventLog
from ingestion.log.append import publish_segments
from ingestion.log.compaction import compact
from ingestion.log.workspace import sweep
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import (
    PRODUCER,
    battles,
    check_once,
    commit,
    compacted_paths,
    segment_paths,
)
from tests.ingestion.log.test_concurrency import REPOSITORY, WRITER, check_all_there


def stray(log: EventLog) -> Path:
    path = log.layout.segments / "ff" / f"{'f' * 64}.parquet"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"what a writer left that died")
    return path


def test_strays_go_and_the_log_stays(filled: EventLog) -> None:
    compact(filled)
    kept = {path.read_bytes() for path in segment_paths(filled) + compacted_paths(filled)}
    path = stray(filled)
    assert [note.path for note in filled.verify().notes] == [path]
    assert sweep(filled) == 1
    assert sweep(filled) == 0
    assert {path.read_bytes() for path in filled.layout.segments.rglob("*.parquet")} == kept
    check_once(filled, 210)
    assert filled.verify().notes == []


def test_not_while_a_batch_is_open(log: EventLog) -> None:
    path = stray(log)
    with log.begin("one", PRODUCER) as batch:
        batch.stage(EventType.BATTLE_JUDGED, battles([1, 2]))
        batch._staged.seal()
        publish_segments(log.layout, (file for _, file in batch._staged.sealed()))
        batch._staged.moved_to(log.layout.segment)
        with pytest.raises(BusyError, match="written to"):
            sweep(EventLog.open(log.layout.root))
        assert path.exists()
        batch.commit()
    assert sweep(log) == 1
    check_once(log, 2)


def test_racing_writers_loses_nothing(home: Path) -> None:
    root = home / "log"
    log = EventLog.open(root)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), name, "25", "2"],
            stdout=subprocess.DEVNULL,
            cwd=REPOSITORY,
        )
        for name in ("a", "b")
    ]
    swept = 0
    while any(writer.poll() is None for writer in writers):
        try:
            sweep(log)
            swept += 1
        except BusyError:
            pass
    assert [writer.returncode for writer in writers] == [0, 0]
    assert swept > 0
    check_all_there(root, {"a", "b"}, 25, 2)


def test_what_a_killed_writer_published_goes(log: EventLog) -> None:
    commit(log, "before", battles(["x"]))
    script = """
import os, signal, sys
from pathlib import Path
from ingestion.log import EventLog, batch
from tests.ingestion.log.events import battles, commit
batch.append_record = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
commit(EventLog.open(Path(sys.argv[1])), "killed", battles(range(3)))
"""
    arguments = [sys.executable, "-c", script, str(log.layout.root)]
    assert subprocess.run(arguments, check=False, cwd=REPOSITORY).returncode == -9
    assert len(log.verify().notes) == 1
    assert sweep(log) == 1
    assert list(log.layout.tmp.glob("batch-*")) == []
    check_once(log, 1)
