"""Erased rows are gone, whatever is asked; everything else is what it was, and can be shown."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ingestion.errors import BusyError
from ingestion.log import EventLog, compaction, redaction
from ingestion.log.compaction import compact
from ingestion.log.erasure import erasures, rows_of
from ingestion.log.event_proof import prove_event, verify_event_proof
from ingestion.log.redaction import redact
from ingestion.log.segments import read_segment
from tests.ingestion.log.erasing import (
    ANNA,
    BATTLE,
    BEN,
    HERS,
    VERIFIER,
    battle,
    erase_rows,
    everything,
    files_that_mention,
    fill,
    less,
    note_of,
    rows,
)
from tests.ingestion.log.events import PRODUCER, commit, segment_paths
from tests.ingestion.log.test_event_proof import audit


@pytest.fixture(params=[False, True], ids=["plain", "compacted"])
def full(log: EventLog, request: pytest.FixtureRequest) -> EventLog:
    return fill(log, is_compacted=request.param)


def test_what_is_theirs(full: EventLog) -> None:
    positions = rows_of(full, ANNA)
    hers = {
        row["event_id"]
        for table in everything(full).values()
        for row in table.to_pylist()
        if row["position"] in positions
    }
    assert hers == HERS
    assert rows_of(full, "nobody").tolist() == []


def test_the_rows_are_gone_as_of_every_moment_and_the_others_are_as_they_were(
    full: EventLog,
) -> None:
    head = full.head_seq
    before = {seq: everything(full, seq) for seq in {1, 2, head}}
    done = erase_rows(full)
    assert (done.seq, done.rows) == (head + 1, len(HERS))
    for log in (full, EventLog.open(full.layout.root)):
        for seq, tables in before.items():
            left = less(tables, HERS)
            for kind, table in everything(log, seq).items():
                assert table.equals(left[kind]), (seq, kind)
    assert files_that_mention(full.layout.root, ANNA, "said of b-3", "said of x-0") == []
    assert files_that_mention(full.layout.root, BEN) != []


def test_every_hash_checkpoint_and_proof_holds(full: EventLog) -> None:
    note, checkpoint = note_of(full), full.checkpoint()
    kept = [one.encode() for one in full.commits()]
    proofs = {name: prove_event(full, name, note) for name in ("b-0", "b-1", "c-0")}
    erase_rows(full)
    report = full.verify(held=checkpoint)
    assert (report.findings, report.notes, report.redacted_count) == ([], [], len(HERS))
    assert report.event_count == 12 + 2 + 2 + 5
    assert [one.encode() for one in full.commits(len(kept))] == kept
    for proof in proofs.values():
        assert verify_event_proof(proof, VERIFIER).is_shown
    for name in sorted(HERS):
        for later in (note, note_of(full)):
            proof = prove_event(full, name, later)
            proven = verify_event_proof(proof, VERIFIER)
            assert not proven.is_shown
            assert proven.event.keys() == {"event_id", "event_type"}
            assert audit(proof, str(VERIFIER))[0] == proven.event
    again = prove_event(full, "b-1", note)
    assert again == proofs["b-1"]
    # The one that is held from before says what was said; the new one has the same leaf.
    shown = verify_event_proof(proofs["b-0"], VERIFIER)
    hidden = verify_event_proof(prove_event(full, "b-0", note), VERIFIER)
    assert (shown.position, shown.commit) == (hidden.position, hidden.commit)


def test_salts_of_erased_rows_are_gone_too(log: EventLog) -> None:
    fill(log, is_compacted=False)
    [path, *_] = segment_paths(log)
    _, before = read_segment(path)
    erase_rows(log)
    _, after = read_segment(log.segment_path(path.stem))
    assert [before.at(row) for row in (1, 2, 4, 5)] == [after.at(row) for row in (1, 2, 4, 5)]
    assert [after.at(row) for row in (0, 3)] == [None, None]
    lost = [salt for row in (0, 3) if (salt := before.at(row)) is not None]
    assert len(lost) == 2
    assert not any(salt in after.every() for salt in lost)


def test_one_after_another(full: EventLog) -> None:
    before = everything(full)
    erase_rows(full, ANNA)
    first = set(full.layout.segments.rglob("*.parquet"))
    done = erase_rows(full, BEN)
    assert done.rows == 4 + 1 + 1 + 2
    bens = {"b-1", "b-4", "b-7", "b-10", "l-1", "r-1", "c-1", "x-1"}
    for kind, table in everything(full).items():
        assert table.equals(less(before, HERS | bens)[kind])
    report = full.verify()
    assert (report.findings, report.notes) == ([], [])
    assert report.redacted_count == len(HERS | bens)
    # What the first made is not there any more either, where the second made it anew.
    assert files_that_mention(full.layout.root, BEN) == []
    assert first - set(full.layout.segments.rglob("*.parquet"))
    assert erase_rows(full, BEN).rows == 0


def test_compacted_afterwards_and_erased_again(log: EventLog) -> None:
    fill(log, is_compacted=False)
    before = everything(log)
    erase_rows(log, ANNA)
    assert compact(log).merged
    for kind, table in everything(log).items():
        assert table.equals(less(before, HERS)[kind])
    assert log.verify().findings == []
    erase_rows(log, BEN)
    report = log.verify()
    assert (report.findings, report.notes) == ([], [])
    assert files_that_mention(log.layout.root, ANNA, BEN) == []


def test_what_was_erased_does_not_come_back(full: EventLog) -> None:
    erase_rows(full)
    for log in (full, EventLog.open(full.layout.root)):
        with log.begin(f"again-{id(log)}", PRODUCER) as batch:
            other = battle(3) | {"outcome": "b"}
            result = batch.stage(BATTLE, rows(BATTLE, battle(0), other, battle(4)))
            assert result.is_duplicate.tolist() == [True, True, True]
            assert not result.is_conflict.any()
            assert not batch.commit().is_new
    assert full.find_event("b-0") == 1
    commit(full, "later", rows(BATTLE, battle(12), battle(13)))
    assert full.verify().is_ok


def test_which_commits_it_was_taken_from(log: EventLog) -> None:
    fill(log, is_compacted=False)
    assert erasures(log) == []
    erase_rows(log)
    [found] = erasures(log)
    assert (found.first_seq, found.seq) == (1, 5)
    commit(log, "later", rows(BATTLE, battle(14)))
    redact(log, lambda log: np.array([log.find_event("b-14")], np.int64))
    assert [(one.first_seq, one.seq) for one in erasures(log)] == [(1, 5), (6, 7)]


def between(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, action: Callable[[], object]
) -> None:
    """Have something happen once, before a function of a module is called."""
    original = getattr(module, name)
    pending = [action]

    def patched(*arguments: object) -> object:
        if pending:
            pending.pop()()
        return original(*arguments)

    monkeypatch.setattr(module, name, patched)


def test_a_compaction_that_took_an_erased_row_along_is_not_committed(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, is_compacted=False)
    other = EventLog.open(log.layout.root)

    def interrupted() -> None:
        with pytest.raises(BusyError, match="written to"):
            erase_rows(other)

    between(monkeypatch, compaction, "_commit", interrupted)
    with pytest.raises(BusyError, match="erasure"):
        compact(log)
    assert erase_rows(other).rows == 0
    report = log.verify()
    assert report.findings == []
    # The schema of compacted files may stay for the next.
    assert [Path(note.path).parent for note in report.notes] == [log.layout.schemas] * len(
        report.notes
    )
    assert files_that_mention(log.layout.root, ANNA) == []


def test_an_erasure_begins_again_behind_a_commit_that_came_first(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, is_compacted=False)
    before = everything(log)
    other = EventLog.open(log.layout.root)
    between(monkeypatch, redaction, "append_record", lambda: compact(other))
    done = erase_rows(log)
    assert done.seq == 6
    for kind, table in everything(log).items():
        assert table.equals(less(before, HERS)[kind])
    report = log.verify()
    assert (report.findings, report.notes) == ([], [])
    assert files_that_mention(log.layout.root, ANNA) == []
