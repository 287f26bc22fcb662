"""A store whose answers get lost, whose writes meet others, and writers that die: each batch once.

The kill is put into the library's calls in a process of the test's own; the product has no hook.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.log import EventLog, shared
from ingestion.log.compaction import compact
from ingestion.log.durable import StorageError
from ingestion.log.store_repair import differences
from ingestion.log.workspace import sweep
from ingestion.vocabulary import EventType
from tests.ingestion.log.buckets import (
    CONFLICT,
    UNANSWERED,
    UNHEARD,
    BucketServer,
    Fault,
    Machines,
)
from tests.ingestion.log.erasing import HERS, erase_rows, everything, fill, less
from tests.ingestion.log.events import PRODUCER, battles, check_once, commit

REPOSITORY = Path(__file__).resolve().parents[3]
COMMITS, SEGMENTS = "/commits/", "/segments/"


def first(count: int, what: str, method: str, part: str) -> Fault:
    """The first requests of a kind go wrong."""
    left = [what] * count
    return lambda asked, path: left.pop() if left and asked == method and part in path else None


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library asks once only, so that our own second look is what is tested."""
    monkeypatch.setattr("ingestion.log.object_store._RETRIES", {"max_retries": 0})


@pytest.mark.parametrize("part", [COMMITS, SEGMENTS])
@pytest.mark.parametrize("what", [UNANSWERED, UNHEARD])
def test_what_the_library_asks_again_is_there_once(
    s3: Machines, server: BucketServer, what: str, part: str
) -> None:
    log = s3.log("a")
    server.fault = first(2, what, "PUT", part)
    receipt = commit(log, "one", battles(range(3)))
    assert (receipt.seq, receipt.is_new) == (1, True)
    check_once(s3.log("b"), 3)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("what", [UNANSWERED, UNHEARD, CONFLICT])
def test_an_unknown_outcome_is_looked_up(s3: Machines, server: BucketServer, what: str) -> None:
    log = s3.log("a")
    server.fault = first(1, what, "PUT", COMMITS)
    receipt = commit(log, "one", battles(range(3)))
    assert (receipt.seq, receipt.is_new) == (1, True)
    check_once(s3.log("b"), 3)


@pytest.mark.usefixtures("at_once")
def test_nothing_is_acknowledged_while_nobody_answers(s3: Machines, server: BucketServer) -> None:
    log = s3.log("a")

    def deaf_after_the_commit(method: str, path: str) -> str | None:
        is_it = COMMITS in path
        if method == "PUT" and is_it:
            server.fault = lambda method, path: UNHEARD if COMMITS in path else None
            return UNANSWERED
        return None

    server.fault = deaf_after_the_commit
    with pytest.raises(StorageError, match=r"commits/0+1.json failed: no answer"):
        commit(log, "one", battles(range(3)))
    assert log.head_seq == 0
    server.fault = lambda method, path: None
    again = commit(log, "one", battles(range(3)))
    assert (again.seq, again.is_new) == (1, False)
    check_once(s3.log("b"), 3)


@pytest.mark.usefixtures("at_once")
def test_a_loser_deletes_what_it_put(s3: Machines, server: BucketServer) -> None:
    a, b = s3.log("a"), s3.log("b")
    commit(a, "before", battles(["x"]))
    b.refresh()

    def after_another(method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith("2.json"):
            server.fault = lambda method, path: None
            commit(a, "theirs", battles(["p", "q"]))
        return None

    server.fault = after_another
    receipt = commit(b, "mine", battles(["q", "r"]))
    assert (receipt.seq, len(receipt.late)) == (3, 1)
    a.refresh()
    assert a.layout.store is not None
    assert differences(a, a.layout.store, is_read=True) == ([], [])
    assert len([name for name in a.layout.store.objects() if "segments/" in name]) == 3


def test_a_writer_that_slept_puts_its_files_again(
    s3: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between putting them and naming them they were taken for a dead writer's, and deleted."""
    a, b = s3.log("a"), s3.log("b")
    assert a.layout.store is not None
    assert b.layout.store is not None
    store, create = a.layout.store, a.layout.store.create

    def asleep(name: str, content: bytes) -> bool:
        with monkeypatch.context() as later:
            later.setattr(shared, "STRAY_AGE", timedelta(seconds=-10))
            sweep(b)
        later_on = time.time() + 8 * shared.DAY_S
        monkeypatch.setattr("ingestion.log.shared.time.time", lambda: later_on)
        return create(name, content)

    with a.begin("one", PRODUCER) as batch:
        batch.stage(EventType.BATTLE_JUDGED, battles(range(3)))
        monkeypatch.setattr(store, "create", asleep)
        batch.commit()
    check_once(s3.log("c"), 3)


def test_what_a_dead_writer_left_goes_when_it_is_a_week_old(
    s3: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = s3.log("a")
    commit(a, "one", battles(range(3)))
    store = a.layout.store
    assert store is not None
    stray = f"segments/ff/{'f' * 64}.parquet"
    store.put(stray, b"rows of a writer that died")
    sweep(a)
    assert stray in store.objects()
    assert differences(a, store, is_read=True) == ([], [])
    monkeypatch.setattr(shared, "STRAY_AGE", timedelta(seconds=-10))
    [note] = differences(a, store, is_read=True)[1]
    assert stray in str(note)
    sweep(a)
    assert stray not in store.objects()
    check_once(s3.log("b"), 3)


KILLED = """
import os, signal, sys
from pathlib import Path
import obstore
from ingestion.log import EventLog
from ingestion.log.compaction import compact
from tests.ingestion.log.erasing import erase_rows, BEN
from tests.ingestion.log.events import battles, commit
call, number, when, what = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
log = EventLog.open(Path(os.environ["DEMOSCOPE_HOME"]).resolve() / "log")
module = os if call == "link" else obstore
original, seen = getattr(module, call), []
def patched(*arguments, **options):
    seen.append(1)
    here = len(seen)
    if here == number and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        return original(*arguments, **options)
    finally:
        if here == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
setattr(module, call, patched)
if what == "commit":
    commit(log, "killed", battles(range(3)))
elif what == "compact":
    compact(log)
else:
    erase_rows(log)
print(len(seen), flush=True)
"""


def is_killed(machines: Machines, call: str, number: int, when: str, what: str) -> bool:
    """Whether there was such a step, at which machine a was killed."""
    with machines.at("a"):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, call, str(number), when, what],
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def commit_killed(machines: Machines, call: str, number: int, when: str) -> bool:
    commit(machines.log("a"), "before", battles(range(100, 102)))
    killed = is_killed(machines, call, number, when, "commit")
    assert machines.log("b").verify().findings == []
    log = machines.log("a")
    was_in = log.find_batch("killed") is not None
    again = commit(log, "killed", battles(range(3)))
    assert (again.seq, again.is_new) == (2, not was_in)
    for one in (log, machines.log("b"), machines.log("c")):
        one.refresh()
        check_once(one, 5)
        assert one.layout.store is not None
        assert differences(one, one.layout.store, is_read=True) == ([], [])
    return killed


def test_killed_between_the_store_and_the_copy(tmp_path: Path) -> None:
    # Two links are the self-test's, the third is that of the record.
    machines = Machines(tmp_path / "m", f"file://{tmp_path}/bucket", {})
    assert commit_killed(machines, "link", 3, "before")


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["put", "get", "delete", "link"])
def test_killed_at_every_step_of_a_commit(tmp_path: Path, call: str, when: str) -> None:
    number = 0
    is_over = False
    while not is_over:
        number += 1
        place = tmp_path / f"{number}"
        machines = Machines(place / "m", f"file://{place}/bucket", {})
        is_over = not commit_killed(machines, call, number, when)
    assert number > 1


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("compact", "put"),
        ("compact", "link"),
        ("erase", "put"),
        ("erase", "delete"),
        ("erase", "link"),
    ],
)
def test_killed_at_every_step_of_an_erasure(
    tmp_path: Path, call: str, when: str, what: str
) -> None:
    number = 0
    is_over = False
    while not is_over:
        number += 1
        place = tmp_path / f"{number}"
        machines = Machines(place / "m", f"file://{place}/bucket", {})
        before = everything(fill(machines.log("a"), is_compacted=what == "erase"))
        is_over = not is_killed(machines, call, number, when, what)
        assert machines.log("b").verify().findings == []
        log = machines.log("a")
        if what == "compact":
            compact(log)
            assert everything(machines.log("c")) == before
            continue
        erase_rows(log)
        for one in (log, machines.log("b"), machines.log("c")):
            assert everything(one) == less(before, HERS)
            assert one.layout.store is not None
            assert differences(one, one.layout.store, is_read=True)[0] == []
            names = [one.layout.name(one.layout.segment(sha)) for sha in one.redactions.superseded]
            assert names
            assert not {*names} & one.layout.store.objects().keys()
            assert not any((one.layout.root / name).exists() for name in names)
    assert number > 1


def test_two_processes_of_one_machine_have_one_copy(s3: Machines) -> None:
    commit(s3.log("b"), "one", battles(range(3)))
    script = (
        "import os; from pathlib import Path; from ingestion.log import EventLog;"
        "log = EventLog.open(Path(os.environ['DEMOSCOPE_HOME']).resolve() / 'log');"
        "print(log.head_seq, log.verify().is_ok)"
    )
    with s3.at("a"):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", script],
                stdout=subprocess.PIPE,
                text=True,
                cwd=REPOSITORY,
                env=dict(os.environ),
            )
            for _ in range(3)
        ]
    assert [process.communicate(timeout=120)[0] for process in running] == ["1 True\n"] * 3


def test_a_copy_heals_from_the_store(s3: Machines) -> None:
    log = s3.log("a")
    for number in range(3):
        commit(log, f"{number}", battles([number]))
    log.layout.commit(2).unlink()
    with s3.at("a") as home:
        assert EventLog.open(home / "log").head_seq == 3
    check_once(s3.log("a"), 3)
