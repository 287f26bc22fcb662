"""One log, several machines: on a common disk and at each kind of store it is the same log."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ingestion.errors import BusyError, IntegrityError, UsageError
from ingestion.log import EventLog, reader
from ingestion.log.compaction import compact
from ingestion.log.redaction import redact
from ingestion.log.store_repair import differences
from ingestion.vocabulary import EventType
from tests.ingestion.log.buckets import UNHEARD, BucketServer, Machines
from tests.ingestion.log.erasing import rows
from tests.ingestion.log.events import PRODUCER, battles, check_once, commit, models, segment_paths

BATTLE, ERASED = EventType.BATTLE_JUDGED, EventType.SUBJECT_ERASED
REPOSITORY = Path(__file__).resolve().parents[3]

WRITER = """
import os, sys
from pathlib import Path
from ingestion.log import EventLog
from tests.ingestion.log.events import battles, commit
name, count = sys.argv[1], int(sys.argv[2])
log = EventLog.open(Path(os.environ["DEMOSCOPE_HOME"]).resolve() / "log")
for number in range(count):
    receipt = commit(log, f"{name}-{number}", battles([f"{name}-{number}-{row}" for row in (0, 1)]))
    print(name, number, receipt.seq, int(receipt.is_new), flush=True)
"""


def ids(log: EventLog) -> list[str]:
    found: list[str] = reader.read(log, BATTLE)["event_id"].to_pylist()
    return found


def check_whole(log: EventLog) -> None:
    """Copy and store have all of the log, and nothing else."""
    report = log.verify()
    assert (report.findings, report.notes) == ([], [])
    if log.layout.store is not None:
        assert differences(log, log.layout.store, is_read=True) == ([], [])
        lying = {path for path in log.layout.root.rglob("*") if path.is_file()}
        here = {log.layout.name(path) for path in lying} - {"STORE", "tmp/writers.lock"}
        assert set(log.layout.store.objects()) == here


def test_machines_that_write_in_turn_have_one_log(machines: Machines) -> None:
    a, b = machines.log("a"), machines.log("b")
    assert a.origin == b.origin
    commit(a, "one", battles(["x", "y"]), models(["m"]))
    assert commit(b, "two", battles(["y", "z"])).accepted == {BATTLE: 1}
    assert commit(a, "three", battles(["z", "w"])).accepted == {BATTLE: 1}
    again = commit(b, "one", battles(["x", "y"]), models(["m"]))
    assert (again.seq, again.is_new) == (1, False)
    for log in (a, b, machines.log("a"), machines.log("c")):
        log.refresh()
        assert log.head_hash == a.head_hash
        assert ids(log) == ["x", "y", "z", "w"]
        check_whole(log)


def test_the_loser_of_a_race_looks_at_what_the_winner_brought(machines: Machines) -> None:
    a, b = machines.log("a"), machines.log("b")
    commit(a, "before", battles(["old"]))
    with b.begin("mine", PRODUCER) as mine:
        mine.stage(BATTLE, battles(["p", "old", "q"]))
        commit(a, "theirs", battles(["p", "r"]))
        receipt = mine.commit()
    assert (receipt.seq, receipt.accepted, len(receipt.late)) == (3, {BATTLE: 1}, 1)
    a.refresh()
    assert ids(a) == ids(b) == ["old", "p", "r", "q"]
    assert b.verify().is_ok


def test_compacted_files_reach_other_machines(machines: Machines) -> None:
    a = machines.log("a")
    for number in range(6):
        commit(a, f"{number}", battles(range(3 * number, 3 * number + 3)))
    assert compact(a).merged
    b = machines.log("b")
    assert ids(b) == ids(a)
    assert len(ids(b)) == 18
    commit(b, "more", battles([100]))
    a.refresh()
    check_whole(a)
    check_whole(b)


def test_what_is_erased_is_gone_everywhere(machines: Machines) -> None:
    a, b = machines.log("a"), machines.log("b")
    commit(a, "one", battles(range(4)))
    commit(a, "two", battles(range(10, 12)))
    compact(a)
    b.refresh()
    before = segment_paths(b)[0]
    content = before.read_bytes()
    assert redact(a, lambda log: np.array([2] if len(ids(log)) > 5 else [], np.int64)).rows == 1
    b.refresh()
    late = machines.log("c")
    for log in (a, b, late):
        assert ids(log) == ["battle-0", "battle-2", "battle-3", "battle-10", "battle-11"]
        check_whole(log)
        files = log.layout.segments.rglob("*.parquet")
        assert content not in [path.read_bytes() for path in files]
    if (store := a.layout.store) is not None:
        assert store.get(a.layout.name(a.layout.segment(before.stem))) is None


def test_nothing_is_committed_over_an_erasure_of_another_machine(s3: Machines) -> None:
    a, b = s3.log("a"), s3.log("b")
    with b.begin("mine", PRODUCER) as mine:
        mine.stage(BATTLE, battles(["p"]))
        erased = {"event_id": "e", "subject_id": "subject-1", "level": 2}
        commit(a, "erasure-e", rows(ERASED, erased))
        with pytest.raises(BusyError, match="erased a participant meanwhile"):
            mine.commit()
    late = s3.log("b")
    with pytest.raises(BusyError, match="erased a participant meanwhile"):
        commit(b, "mine", battles(["p"]))
    assert commit(late, "mine", battles(["p"])).seq == 2


def test_two_vaults_cannot_begin_one_log(s3: Machines) -> None:
    a, b = s3.log("a"), s3.log("b")

    def begun(log: EventLog, value: str) -> None:
        producer = {"name": "test", "vault": {"pseudonym.key": value}}
        with log.begin(f"of {value}", producer) as batch:
            batch.stage(BATTLE, battles([value]))
            batch.commit()

    begun(a, "a's")
    with pytest.raises(IntegrityError, match="a vault of its own"):
        begun(b, "b's")
    assert b.head_seq == 1


def test_a_copy_remembers_its_store(s3: Machines) -> None:
    commit(s3.log("a"), "one", battles([1]))
    address = s3.environment.pop("DEMOSCOPE_LOG")
    log = s3.log("a")
    commit(log, "two", battles([2]))
    assert log.layout.store is not None
    s3.environment["DEMOSCOPE_LOG"] = f"{address}-another"
    with pytest.raises(UsageError, match=r"copy of the log at .*, but DEMOSCOPE_LOG says"):
        s3.log("a")
    s3.environment["DEMOSCOPE_LOG"] = address
    assert s3.log("b").head_seq == 2


def test_a_read_only_copy_is_read_as_it_is(
    s3: Machines, server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(s3.log("a"), "one", battles([1]))
    commit(s3.log("b"), "two", battles([2]))
    root = s3.home("a") / "log"
    can = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != root and can(path, mode))
    server.fault = lambda method, path: UNHEARD
    assert ids(s3.log("a")) == ["battle-1"]


def test_the_variable_is_of_the_warehouse_only(s3: Machines, tmp_path: Path) -> None:
    with s3.at("a"):
        assert EventLog.open(tmp_path / "elsewhere" / "log").layout.store is None


def lines_of(machines: Machines, names: list[str], count: int) -> Iterator[list[str]]:
    """What writers on machines of their own were told."""
    processes = []
    for number, name in enumerate(names):
        with machines.at(f"machine-{number}"):
            command = [sys.executable, "-c", WRITER, name, str(count)]
            processes.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
            )
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        yield from (line.split() for line in output.splitlines())


@pytest.mark.parametrize("count", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_four_writers_that_race_leave_no_gap(machines: Machines, count: int) -> None:
    if machines.url == "s3://memory":
        return  # it is of one process
    names = ["v", "w", "w", "x"]
    told = list(lines_of(machines, names, count))
    assert sum(int(line[3]) for line in told) == 3 * count
    log = machines.log("late")
    assert log.head_seq == 3 * count
    seqs = {commit.batch_id: commit.seq for commit in log.commits()}
    assert all(seqs[f"{name}-{number}"] == int(seq) for name, number, seq, _ in told)
    check_once(log, 6 * count)


@pytest.mark.slow
def test_writers_that_race_and_lose_every_third_answer(s3: Machines, server: BucketServer) -> None:
    asked = iter(range(10**9))
    server.fault = lambda method, path: (
        "unanswered" if method == "PUT" and next(asked) % 3 == 0 else None
    )
    told = list(lines_of(s3, ["v", "w", "w", "x"], 20))
    server.fault = lambda method, path: None
    log = s3.log("late")
    seqs = {commit.batch_id: commit.seq for commit in log.commits()}
    assert len(seqs) == 60 == log.head_seq
    assert all(seqs[f"{name}-{number}"] == int(seq) for name, number, seq, _ in told)
    check_once(log, 120)


def test_late_rows_are_told_at_a_store_too(s3: Machines) -> None:
    a, b = s3.log("a"), s3.log("b")
    mine = b.begin("mine", PRODUCER)
    mine.stage(BATTLE, battles(range(5)))
    commit(a, "theirs", battles(range(5)))
    receipt = mine.commit()
    assert (receipt.seq, receipt.is_new, len(receipt.late)) == (1, False, 5)
    assert pa.compute.sum(receipt.late["is_conflict"]).as_py() == 0
