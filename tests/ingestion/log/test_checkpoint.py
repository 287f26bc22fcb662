"""Checkpoints and signed notes: what a log cannot hide from somebody who kept one."""

import base64
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import IntegrityError, UsageError
from ingestion.log import EventLog
from ingestion.log.checkpoint import (
    Checkpoint,
    Verifier,
    open_note,
    sign,
    verifier_of,
)
from tests.ingestion.log.events import battles, commit

# The example of Go's golang.org/x/mod/sumdb/note, an independent implementation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_NOTE = (
    f"{GO_TEXT}\n\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1"
    "FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = verifier_of("test.example/log", KEY)


def test_go_signs_and_reads_the_same() -> None:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(GO_SEED)[1:])
    verifier = Verifier.parse(GO_KEY)
    assert str(verifier) == GO_KEY
    assert verifier_of("PeterNeumann", key) == verifier
    assert sign(GO_TEXT, "PeterNeumann", key) == GO_NOTE
    assert open_note(GO_NOTE.encode(), verifier) == GO_TEXT


def test_other_signatures_are_ignored_and_one_is_needed() -> None:
    note = sign(GO_TEXT, VERIFIER.name, KEY)
    both = note + GO_NOTE.rsplit("\n\n", 1)[1]
    assert open_note(both.encode(), VERIFIER) == GO_TEXT
    assert open_note(both.encode(), Verifier.parse(GO_KEY)) == GO_TEXT
    with pytest.raises(IntegrityError, match="not signed by"):
        open_note(note.encode(), Verifier.parse(GO_KEY))
    with pytest.raises(IntegrityError, match="not signed by any"):
        open_note(note.encode())


@given(data=st.data())
def test_a_changed_note_is_refused(data: st.DataObject) -> None:
    note = sign("origin\n7\nAAAA\n", VERIFIER.name, KEY).encode()
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + bytes([note[at] ^ (1 << data.draw(st.integers(0, 7)))]) + note[at + 1 :]
    with pytest.raises(IntegrityError):
        open_note(changed, VERIFIER)


@given(note=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_is_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError):
        open_note(note, VERIFIER)
    with pytest.raises(IntegrityError):
        Checkpoint.parse(note.decode(errors="replace"))


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AAAA", GO_KEY[:-1], GO_KEY.replace("c", "d")]
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Verifier.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        verifier_of(name, KEY)


@given(origin=st.from_regex(r"[a-z/.]{1,20}", fullmatch=True), size=st.integers(0, 2**60))
def test_a_checkpoint_survives_the_round_trip(origin: str, size: int) -> None:
    checkpoint = Checkpoint(origin, size, bytes(range(32)))
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint
    assert Checkpoint.parse(checkpoint.encode() + "extension\n") == checkpoint
    for text in (
        checkpoint.encode()[:-1],
        checkpoint.encode() + "\n",
        checkpoint.encode().replace(f"\n{size}\n", f"\n0{size}\n"),
        checkpoint.encode().replace(f"\n{size}\n", f"\n-{size}\n"),
        checkpoint.encode().replace("=", ""),
    ):
        with pytest.raises(IntegrityError):
            Checkpoint.parse(text)


@pytest.fixture
def five(log: EventLog) -> EventLog:
    for number in range(5):
        commit(log, f"batch-{number}", battles([number]))
    return log


def test_a_log_that_grew_agrees_with_its_checkpoint(five: EventLog) -> None:
    held = five.checkpoint("x")
    for number in range(5, 8):
        commit(five, f"batch-{number}", battles([number]))
    assert five.verify(held).is_ok
    assert five.verify(five.checkpoint("x", 0)).is_ok


def test_a_tail_cut_off_is_found(five: EventLog) -> None:
    held = five.checkpoint("x")
    five.layout.commit(5).unlink()
    shortened = EventLog.open(five.layout.root)
    assert shortened.verify().is_ok
    report = shortened.verify(held)
    assert [finding.path for finding in report.findings] == [five.layout.commit(5)]
    assert "cut off" in report.findings[0].message


def test_an_old_backup_and_a_fork_are_found(five: EventLog, tmp_path: Path) -> None:
    backup = tmp_path / "backup" / "log"
    shutil.copytree(five.layout.root, backup)
    commit(five, "batch-5", battles([5]))
    held = five.checkpoint("x")
    old = EventLog.open(backup)
    assert not old.verify(held).is_ok
    commit(old, "batch-5", battles([500]))
    assert old.verify().is_ok
    report = old.verify(held)
    assert [finding.path for finding in report.findings] == [old.layout.commits]
    assert "another history" in report.findings[0].message
