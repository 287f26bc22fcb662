"""The rows that loads report as accepted are those that the log holds, whatever happens."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expectations.gate import Gate
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.leftovers import clear_leftovers
from orchestration.load_report import PENDING, LoadReport, read_report
from orchestration.loading import _Load, load_file
from tests.attacks.file_faults import KilledError, killed_before
from tests.attacks.small_votes import votes

BAD = {"event_type": "battle_judged", "source": "panel", "native_id": "bad", "outcome": "no"}

SAME = (
    *("status", "row_count", "accepted_count", "accepted_by_event_type", "duplicate_count"),
    *("quarantined_by_reason", "position", "byte_count"),
)


def write(path: Path, first: int, last: int) -> Path:
    """People by number with their votes, one person twice, and a row that is refused."""
    rows = [*votes(first, last), *votes(first, first + 1), BAD]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def load(home: Home, file: Path) -> LoadReport:
    return load_file(home, str(file), gate=Gate(max_bad_share=0.9))


def require_agreement(home: Home) -> list[LoadReport]:
    """Accepted rows by type are those of the log; every row of a file has one fate."""
    reports = [read_report(path) for path in sorted(home.loads.glob("*.json"))]
    held, said = Counter[str](), Counter[str]()
    for commit in EventLog.open(home.log).commits():
        for segment in commit.segments:
            held[segment.event_type] += segment.rows
    for one in reports:
        said.update(one.accepted_by_event_type)
        assert one.accepted_count == sum(one.accepted_by_event_type.values())
        fates = one.accepted_count + one.duplicate_count + one.quarantined_count
        assert one.row_count == fates
    assert said == held
    assert not list(home.loads.glob(f".*{PENDING}"))
    return reports


def test_a_load_killed_around_its_commit(tmp_path: Path) -> None:
    file = write(tmp_path / "votes.jsonl", 0, 3)
    with killed_before(1_000_000) as fault:
        whole = load(Home(tmp_path / "whole"), file)
    committed, remade, lost = 0, 0, 0
    # The first load of a process makes files that no other does, and others may make what it lacks.
    for number in range(fault.seen + 3, 0, -1):
        home = Home(tmp_path / str(number))
        try:
            with killed_before(number):
                load(home, file)
        except KilledError:
            pass
        else:
            continue
        is_committed = bool(EventLog.open(home.log).head_seq)
        clear_leftovers(home)
        reports = require_agreement(home)
        assert len(reports) == is_committed
        if is_committed:
            committed += 1
            assert reports[0].file == whole.file
            assert [getattr(reports[0], name) for name in SAME] == [
                getattr(whole, name) for name in SAME
            ]
            remade += "killed" in "".join(reports[0].warnings)
        elif (lost := lost + 1) == 2:
            break
        if number % 3 == 0:
            again = load(home, file)
            assert again.status == ("nothing_new" if is_committed else "committed")
            require_agreement(home)
    assert committed > remade > 1


def test_a_report_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    home, file = Home(tmp_path / "home"), write(tmp_path / "votes.jsonl", 0, 3)
    first = load(home, file)
    load(home, write(tmp_path / "more.jsonl", 2, 5))
    (home.loads / f"{first.load_id}.json").unlink()
    again = load(home, file)
    assert (again.status, again.accepted_count) == ("nothing_new", 0)
    assert again.duplicate_count == first.accepted_count + first.duplicate_count
    assert [one.status for one in require_agreement(home)].count("committed") == 2
    load(home, file)
    require_agreement(home)


def first_meets(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, meanwhile: Callable[[], object]
) -> None:
    """Before the first call of a method goes on, another load happens from its beginning to end."""
    method, pending = getattr(owner, name), [meanwhile]

    def met(*arguments: Any) -> Any:
        if pending:
            pending.pop()()
        return method(*arguments)

    monkeypatch.setattr(owner, name, met)


@pytest.mark.parametrize(("owner", "name"), [(_Load, "_commit"), (LoadReport, "keep")])
def test_loads_of_one_file_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    home, file = Home(tmp_path / "home"), write(tmp_path / "votes.jsonl", 0, 3)
    first_meets(monkeypatch, owner, name, lambda: load(home, file))
    load(home, file)
    assert [one.status for one in require_agreement(home)].count("committed") == 1


def test_loads_of_overlapping_files_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    one, other = (write(tmp_path / f"{number}.jsonl", number, number + 4) for number in (0, 2))
    first_meets(monkeypatch, _Load, "_commit", lambda: load(home, other))
    load(home, one)
    assert [report.accepted_count > 0 for report in require_agreement(home)] == [True, True]


@pytest.mark.parametrize("owner", [_Load, LoadReport])
def test_two_who_make_a_report_again_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type
) -> None:
    home, file = Home(tmp_path / "home"), write(tmp_path / "votes.jsonl", 0, 3)
    first = load(home, file)
    (home.loads / f"{first.load_id}.json").unlink()
    name = "_after_unreported" if owner is _Load else "keep"
    first_meets(monkeypatch, owner, name, lambda: load(home, file))
    load(home, file)
    assert len(require_agreement(home)) == 3
