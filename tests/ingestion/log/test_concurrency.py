"""Writers that meet: one batch once, one event once, one unbroken chain."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.log import EventLog, Receipt, reader
from ingestion.log.append import append_record
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles, commit, models

BATTLE = EventType.BATTLE_JUDGED
REPOSITORY = Path(__file__).resolve().parents[3]

WRITER = """
import sys
from pathlib import Path
from ingestion.log import EventLog
from tests.ingestion.log.events import PRODUCER, battles, commit
root, name, count, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
log = EventLog.open(root)
for number in range(count):
    ids = [f"{name}-{number}-{row}" for row in range(rows)]
    receipt = commit(log, f"{name}-{number}", battles(ids))
    print(name, number, receipt.seq, int(receipt.is_new), flush=True)
"""


def late(receipt: Receipt, *, is_conflict: bool) -> Counter[str]:
    """Staged rows that a concurrent commit held already, by event type."""
    rows = receipt.late.to_pylist()
    return Counter(row["event_type"] for row in rows if row["is_conflict"] is is_conflict)


def writers(root: Path, names: list[str], count: int, rows: int = 2) -> list[list[str]]:
    """Processes that commit at the same time; what each was told."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), name, str(count), str(rows)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        for name in names
    ]
    told = []
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        told.append(output.splitlines())
    return told


def check_all_there(root: Path, names: set[str], count: int, rows: int) -> None:
    log = EventLog.open(root)
    assert log.head_seq == len(names) * count
    assert {commit.batch_id for commit in log.commits()} == {
        f"{name}-{number}" for name in names for number in range(count)
    }
    ids = reader.read(log, BATTLE)["event_id"].to_pylist()
    assert len(ids) == len(set(ids)) == len(names) * count * rows
    assert log.verify().findings == []


def test_two_writers_with_the_same_batches_make_one_copy(home: Path) -> None:
    told = writers(home / "log", ["w", "w"], 10)
    check_all_there(home / "log", {"w"}, 10, 2)
    lines = [line.split() for output in told for line in output]
    assert sum(int(line[3]) for line in lines) == 10
    positions = {(line[1], line[2]) for line in lines}
    assert len(positions) == 10


@pytest.mark.slow
def test_eight_writers_of_200_batches_leave_no_gap(home: Path) -> None:
    names = [f"w{number}" for number in range(8)]
    writers(home / "log", names, 200)
    check_all_there(home / "log", set(names), 200, 2)


def test_four_writers_leave_no_gap(home: Path) -> None:
    names = [f"w{number}" for number in range(4)]
    writers(home / "log", names, 5)
    check_all_there(home / "log", set(names), 5, 2)


def test_the_loser_of_a_race_drops_what_the_winner_brought(log: EventLog) -> None:
    other = EventLog.open(log.layout.root)
    commit(log, "before", battles(["old"]))
    mine = log.begin("mine", PRODUCER)
    mine.stage(BATTLE, battles(["a", "old", "b", "c"]))
    mine.stage(EventType.MODEL_REGISTERED, models(["m", "n"]))
    mine.stage(BATTLE, battles(["d", "e"]))
    table = pa.concat_tables([battles(["a"]), battles(["e"], "tie"), battles(["f", "g"])])
    commit(other, "theirs", table, models(["m", "n"]))
    receipt = mine.commit()
    assert (receipt.seq, receipt.is_new) == (3, True)
    assert receipt.accepted == {BATTLE: 3}
    assert late(receipt, is_conflict=False) == {BATTLE: 1, EventType.MODEL_REGISTERED: 2}
    assert late(receipt, is_conflict=True) == {BATTLE: 1}
    rows = sorted((r["stage"], r["row"], r["is_conflict"]) for r in receipt.late.to_pylist())
    assert rows == [(0, 0, False), (1, 0, False), (1, 1, False), (2, 1, True)]
    ids = reader.read(log, BATTLE)["event_id"].to_pylist()
    assert ids == ["old", "a", "e", "f", "g", "b", "c", "d"]
    assert log.verify().is_ok
    # The index over what was committed after dropping is right.
    again = commit(log, "again", battles(list("abcdefg")), models(["m", "n"]))
    assert not again.is_new


def test_a_race_lost_at_the_link_is_run_again(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = EventLog.open(log.layout.root)
    rounds: list[int] = []

    def append_after_others(*arguments: object) -> bool:
        if len(rounds) < 3:
            rounds.append(1)
            number = len(rounds)
            monkeypatch.setattr("ingestion.log.batch.append_record", append_record)
            commit(other, f"other-{number}", battles([f"shared-{number}", f"own-{number}"]))
            monkeypatch.setattr("ingestion.log.batch.append_record", append_after_others)
        return append_record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("ingestion.log.batch.append_record", append_after_others)
    mine = battles(["shared-1", "shared-2", "shared-3", "mine"])
    receipt = commit(log, "mine", mine)
    assert receipt.seq == 4
    assert receipt.accepted == {BATTLE: 1}
    assert late(receipt, is_conflict=False) == {BATTLE: 3}
    assert log.verify().is_ok


def test_a_batch_that_another_made_superfluous_commits_nothing(log: EventLog) -> None:
    other = EventLog.open(log.layout.root)
    mine = log.begin("mine", PRODUCER)
    mine.stage(BATTLE, battles(range(5)))
    commit(other, "theirs", battles(range(5)))
    receipt = mine.commit()
    assert (receipt.seq, receipt.is_new) == (1, False)
    assert late(receipt, is_conflict=False) == {BATTLE: 5}
    assert log.head_seq == 1


def test_two_first_users_share_one_origin(home: Path) -> None:
    writers(home / "log", ["a", "b"], 1)
    check_all_there(home / "log", {"a", "b"}, 1, 2)
