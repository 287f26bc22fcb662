"""Refused rows that are dropped, added or edited later are found; an erasure is no such thing."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.accounts import BLANKED, CONTENT, account, content_hash, unaccounted
from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log import erasure_journal as journal
from ingestion.log.chain import Refused
from orchestration import loading
from orchestration.erased_content import _blank
from tests.attacks.test_refused_rows_of_erased import battle, erase, ingest, write
from tests.end_to_end.command import demoscope, document

Rows = list[dict[str, Any]]
BAD = [
    battle(person, number, outcome="win") for number, person in enumerate(("anna", "ben", "zoe"))
]
GOOD = [battle("anna", 10), battle("ben", 11)]


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    """A log of one load that refused three of five rows."""
    ingest(tmp_path / "home", write(tmp_path / "first.jsonl", *BAD, *GOOD))
    return tmp_path / "home"


def file_of(home: Path) -> Path:
    [path] = home.glob("quarantine/*.parquet")
    return path


def rewritten(path: Path, change: Callable[[Rows], Rows]) -> None:
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), table.schema), path)


def verified(home: Path) -> tuple[int, list[str], list[str]]:
    """The exit code of `log verify`, its findings and its notes."""
    done = demoscope(home, "log", "verify", "--json")
    said = json.loads(done.stdout)
    return done.returncode, said["findings"], said["notes"]


def resealed(row: dict[str, Any], **said: Any) -> dict[str, Any]:
    changed = row | said
    return changed | {"content_hash": content_hash(changed["salt"], changed)}


def forged(row: dict[str, Any]) -> dict[str, Any]:
    """Blank, but for words that no erasure leaves."""
    return _blank(row) | {"detail": "spam bot of the rival"}


EDITS: dict[str, tuple[Callable[[Rows], Rows], str]] = {
    "a row removed": (lambda rows: rows[1:], "has 2 rows; commit 1 says 3 (1 removed since)"),
    "a row added": (
        lambda rows: [*rows, rows[0]],
        "has 4 rows; commit 1 says 3 (1 added since)",
    ),
    "content edited": (
        lambda rows: [rows[0], rows[1] | {"original": "{}"}, rows[2]],
        "the content of row 2 was changed",
    ),
    "content edited with its hash": (
        lambda rows: [resealed(rows[0], original="{}"), *rows[1:]],
        "its rows are not those that commit 1 has the hash of",
    ),
    "a reason edited": (
        lambda rows: [rows[0] | {"reason": "too_long"}, *rows[1:]],
        "its rows are not those that commit 1 has the hash of",
    ),
    "one row for another": (
        lambda rows: [rows[1], *rows[1:]],
        "its rows are not those that commit 1 has the hash of",
    ),
    "blanked as by an erasure": (
        lambda rows: [_blank(rows[0]), *rows[1:]],
        "1 of its rows are erased; commit 1 says 0",
    ),
    "another file's name": (
        lambda rows: [row | {"source_file": "rival-lab.jsonl"} for row in rows],
        "its rows are not those that commit 1 has the hash of",
    ),
    "another load": (
        lambda rows: [row | {"load_id": "another"} for row in rows],
        "its rows are not those that commit 1 has the hash of",
    ),
    "emptied": (lambda _rows: [], "has 0 rows; commit 1 says 3 (3 removed since)"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found_and_named(loaded: Path, edit: str) -> None:
    change, found = EDITS[edit]
    rewritten(file_of(loaded), change)
    code, findings, _ = verified(loaded)
    assert code == IntegrityError.exit_code
    assert len(findings) == 1
    assert str(file_of(loaded)) in findings[0]
    assert found in findings[0]
    checks = json.loads(demoscope(loaded, "doctor", "--json").stdout)["rows"]
    [check] = [one for one in checks if one["check"] == "quarantine"]
    assert not check["is_well"]
    assert found in check["message"]
    assert "Restore quarantine/" in check["message"]


@pytest.mark.parametrize("is_whole_folder", [False, True])
def test_a_file_that_is_deleted_is_found(loaded: Path, is_whole_folder: bool) -> None:
    path = file_of(loaded)
    path.unlink()
    if is_whole_folder:
        path.parent.rmdir()
    code, findings, _ = verified(loaded)
    assert code == IntegrityError.exit_code
    assert findings == [f"{path}: is missing; refused rows that commit 1 says it has: 3"]


def test_nothing_is_found_in_what_nobody_touched(loaded: Path) -> None:
    assert verified(loaded) == (0, [], [])
    [commit] = document(loaded, "log", "show", "--json")["rows"]
    assert commit["refused_row_count"] == 3


def test_a_later_load_does_not_take_an_edit_for_the_truth(loaded: Path, tmp_path: Path) -> None:
    rewritten(file_of(loaded), lambda rows: rows[1:])
    ingest(loaded, write(tmp_path / "second.jsonl", battle("ben", 20)))
    assert "1 removed since" in verified(loaded)[1][0]


def test_a_load_that_was_refused_whole_is_in_the_next_account(loaded: Path, tmp_path: Path) -> None:
    refused = write(tmp_path / "refused.jsonl", battle("anna", 30, outcome="win"))
    assert demoscope(loaded, "ingest", refused).returncode == 1
    code, findings, [note] = verified(loaded)
    assert (code, findings) == (0, [])
    assert "no hash of its rows yet" in note
    ingest(loaded, write(tmp_path / "second.jsonl", battle("ben", 20)))
    assert verified(loaded) == (0, [], [])
    last = max(loaded.glob("quarantine/*.parquet"))
    last.unlink()
    assert verified(loaded)[1] == [f"{last}: is missing; refused rows that commit 2 says it has: 1"]


def test_an_erasure_is_no_false_alarm_and_is_said_in_the_log(loaded: Path) -> None:
    done = erase(loaded, "anna")
    assert done["quarantine_mentions"] == 1
    code, findings, notes = verified(loaded)
    assert (code, findings, notes) == (0, [], [])
    [account] = EventLog.open(loaded / "log").commit(3).refused
    assert (account.rows, account.erased, account.erasure) == (3, 1, 2)
    blanked = pq.read_table(file_of(loaded)).to_pylist()[0]
    assert blanked["salt"] is None
    assert blanked["original"] == ""
    rewritten(file_of(loaded), lambda rows: [rows[0] | {"original": "made up"}, *rows[1:]])
    assert "the content of row 1 was changed" in verified(loaded)[1][0]


def test_a_row_is_not_put_back_in_place_of_another(loaded: Path) -> None:
    """The number of blank rows is then the same, and every row has its hash."""
    before = {row["row_number"]: row for row in pq.read_table(file_of(loaded)).to_pylist()}
    erase(loaded, "anna")

    def swapped(rows: Rows) -> Rows:
        erased = next(row["row_number"] for row in rows if row["salt"] is None)
        other = next(row["row_number"] for row in rows if row["salt"] is not None)
        stand_in = {erased: before[erased], other: _blank(before[other])}
        return [stand_in.get(row["row_number"], row) for row in rows]

    rewritten(file_of(loaded), swapped)
    code, findings, _ = verified(loaded)
    assert code == 5
    assert any("other rows of it are erased" in finding for finding in findings)


def test_an_erasure_does_not_hide_an_edit(loaded: Path) -> None:
    rewritten(file_of(loaded), lambda rows: [*rows[:2], rows[2] | {"reason": "too_long"}])
    erase(loaded, "anna")
    assert "its rows are not those that commit 1 has" in verified(loaded)[1][0]


@pytest.mark.parametrize("blanked", [forged, _blank])
def test_an_erasure_does_not_account_for_what_it_did_not_blank(
    loaded: Path, blanked: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    rewritten(file_of(loaded), lambda rows: [rows[0], *map(blanked, rows[1:])])
    erase(loaded, "anna")
    code, findings, _ = verified(loaded)
    assert code == IntegrityError.exit_code
    assert "3 of its rows are erased; commit 1 says 0" in findings[-1]
    is_forged = blanked is forged
    assert ("the content of row 2, 3 was changed" in findings[0]) == is_forged


def test_an_erased_row_that_says_something_is_found(loaded: Path) -> None:
    erase(loaded, "anna")
    rewritten(file_of(loaded), lambda rows: [forged(rows[0]), *rows[1:]])
    assert "the content of row 1 was changed" in verified(loaded)[1][0]
    change = {"detail": BLANKED, "refused_column": "forged"}
    rewritten(file_of(loaded), lambda rows: [rows[0] | change, *rows[1:]])
    assert "the content of row 1 was changed" in verified(loaded)[1][0]


def test_a_file_of_no_load_is_named_and_not_taken_in(loaded: Path, tmp_path: Path) -> None:
    path = file_of(loaded)
    planted = path.with_name(f"{path.stem[:20]}-000000000000.parquet")
    planted.write_bytes(path.read_bytes())
    ingest(loaded, write(tmp_path / "second.jsonl", battle("ben", 20)))
    code, findings, [note] = verified(loaded)
    assert (code, findings) == (0, [])
    assert planted.stem not in EventLog.open(loaded / "log").refused
    assert str(planted) in note
    assert "no load's record says that these rows were refused" in note
    checks = json.loads(demoscope(loaded, "doctor", "--json").stdout)["rows"]
    [check] = [one for one in checks if one["check"] == "quarantine"]
    assert not check["is_well"]
    assert str(planted) in check["message"]


def test_a_record_that_says_other_than_the_account_is_found(loaded: Path) -> None:
    [record] = loaded.glob("loads/*.json")
    said = json.loads(record.read_text("utf-8"))
    none_refused = {"quarantined_count": 0, "quarantined_by_reason": {}, "row_count": 2}
    record.write_text(json.dumps(said | none_refused), "utf-8")
    code, findings, _ = verified(loaded)
    assert code == IntegrityError.exit_code
    assert findings == [f"{record}: says 0 refused rows; commit 1 says 3"]


def test_an_account_of_an_earlier_version_holds_and_is_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"

    def older(log: EventLog, quarantine: Path, recorded: Collection[str]) -> tuple[Refused, ...]:
        now = unaccounted(log, quarantine, recorded)
        made = (account(quarantine / f"{one.load_id}.parquet", version=None) for one in now)
        return tuple(one for one in made if one is not None)

    with monkeypatch.context() as patched:
        patched.setattr(loading, "unaccounted", older)
        ingest(home, write(tmp_path / "first.jsonl", *BAD, *GOOD))
    content = (home / "log/commits/00000000000000000001.json").read_bytes()
    assert b'"version"' not in content
    assert EventLog.open(home / "log").commit(1).encode() == content
    code, findings, [note] = verified(home)
    assert (code, findings) == (0, [])
    assert "older account" in note
    rewritten(file_of(home), lambda rows: rows[1:])
    assert "1 removed since" in verified(home)[1][0]


def test_an_erasure_that_was_cut_off_is_finished(
    loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.erased_content.account_for_erased", killed)
        with pytest.raises(KilledError):
            erase(loaded, "anna")
    assert journal.unfinished(loaded / "vault")
    assert "1 of its rows are erased; commit 1 says 0" in verified(loaded)[1][0]
    erase(loaded, "anna")
    assert verified(loaded) == (0, [], [])


def test_the_log_holds_nothing_that_tells_what_a_row_said(loaded: Path) -> None:
    row = pq.read_table(file_of(loaded)).to_pylist()[0]
    unsalted = {name: row[name] for name in CONTENT}
    commits = b"".join(path.read_bytes() for path in sorted(loaded.glob("log/commits/*.json")))
    assert content_hash("", unsalted).encode() not in commits
    assert b"win" not in commits
    again = content_hash(row["salt"], row)
    assert again == row["content_hash"]
    assert again.encode() not in commits


def test_a_log_of_an_earlier_version_loads_and_says_that_it_has_no_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with monkeypatch.context() as patched:
        patched.setattr(loading, "unaccounted", lambda *_: ())
        ingest(home, write(tmp_path / "first.jsonl", *BAD, *GOOD))
    old = pq.read_table(file_of(home)).drop_columns(["salt", "content_hash"])
    pq.write_table(old, file_of(home))
    assert b'"refused"' not in (home / "log/commits/00000000000000000001.json").read_bytes()
    code, findings, [note] = verified(home)
    assert (code, findings) == (0, [])
    assert "an earlier version wrote it" in note
    ingest(home, write(tmp_path / "second.jsonl", battle("ben", 20)))
    assert verified(home)[:2] == (0, [])
    assert erase(home, "anna")["quarantine_mentions"] == 1
    assert verified(home)[:2] == (0, [])


def test_a_copy_of_the_log_alone_says_what_it_could_not_check(loaded: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (loaded / "log").rename(copy / "log")
    code, findings, [note] = verified(copy)
    assert (code, findings) == (0, [])
    assert "3 refused rows could not be checked" in note
