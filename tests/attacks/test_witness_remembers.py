"""A witness that lost what it saw signs nothing, and says so."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.checkpoint import commit_tree
from ingestion.log.durable import StorageError
from ingestion.log.witness import PATH, WitnessServer, http_server, request_body
from tests.attacks.small_votes import write_votes
from tests.attacks.witnesses import note_of, serving, witness_of
from tests.end_to_end.command import demoscope, document
from tests.ingestion.log.events import battles, commit

ROOT = "ab" * 32


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Two commits."""
    log = EventLog.open(tmp_path / "log")
    commit(log, "one", battles(range(4)))
    commit(log, "two", battles(range(10, 13)))
    return log


def body_of(log: EventLog, old: int) -> bytes:
    path = commit_tree(log, log.head_seq).consistency(old)
    return request_body(old, path, note_of(log)).encode()


def first_file(witness: WitnessServer, suffix: str) -> Path:
    (path,) = witness.directory.glob(f"*{suffix}")
    return path


@pytest.fixture
def witness(tmp_path: Path, log: EventLog) -> WitnessServer:
    """One that saw both commits."""
    witness = witness_of(tmp_path / "witness", 1)
    assert witness.add_checkpoint(body_of(log, 0)).status == 200
    return witness


def test_a_missing_state_lets_no_fork_be_signed(
    tmp_path: Path, log: EventLog, witness: WitnessServer
) -> None:
    fork = EventLog.open(tmp_path / "fork")
    commit(fork, "own", battles(range(40, 42)))
    state = first_file(witness, ".json")
    kept = state.read_bytes()
    state.unlink()
    with pytest.raises(IntegrityError, match="is missing, but this witness saw 2 commits") as lost:
        witness.add_checkpoint(body_of(fork, 0))
    assert str(state) in lost.value.message
    assert "new name and key" in (lost.value.remedy or "")
    assert not state.exists()
    state.write_bytes(kept)
    assert witness.add_checkpoint(body_of(log, 2)).status == 200


def test_a_state_that_was_put_back_is_refused(log: EventLog, witness: WitnessServer) -> None:
    state = first_file(witness, ".json")
    before = state.read_bytes()
    commit(log, "three", battles(range(20, 22)))
    assert witness.add_checkpoint(body_of(log, 2)).status == 200
    state.write_bytes(before)
    with pytest.raises(IntegrityError, match="says 2 commits, but this witness saw 3"):
        witness.add_checkpoint(body_of(log, 2))


def test_a_state_of_before_gets_its_marker(log: EventLog, witness: WitnessServer) -> None:
    first_file(witness, ".seen").unlink()
    assert witness.add_checkpoint(body_of(log, 0)).status == 409
    first_file(witness, ".json").unlink()
    with pytest.raises(IntegrityError, match="is missing"):
        witness.add_checkpoint(body_of(log, 0))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        *(
            json.dumps(one).encode()
            for one in (
                {},
                {"size": 2},
                {"root": ROOT},
                {"size": -1, "root": ROOT},
                {"size": True, "root": ROOT},
                {"size": 2.0, "root": ROOT},
                {"size": "2", "root": ROOT},
                {"size": None, "root": ROOT},
                {"size": 2, "root": ""},
                {"size": 2, "root": ROOT[2:]},
                {"size": 2, "root": ROOT + "00"},
                {"size": 2, "root": "zz" * 32},
                {"size": 2, "root": " " + ROOT[2:] + " "},
                {"size": 2, "root": 7},
                {"size": float("nan"), "root": ROOT},
            )
        ),
    ],
)
def test_a_state_that_says_nothing_is_refused(
    log: EventLog, witness: WitnessServer, content: bytes
) -> None:
    state = first_file(witness, ".json")
    state.write_bytes(content)
    with pytest.raises(IntegrityError, match="does not say what this witness saw last") as broken:
        witness.add_checkpoint(body_of(log, 2))
    assert str(state) in broken.value.message
    assert len(broken.value.message) < 500
    assert state.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"-1\n", b"two\n", b"\xff\n", b"9" * 5000])
def test_a_marker_that_says_nothing_is_refused(
    log: EventLog, witness: WitnessServer, content: bytes
) -> None:
    marker = first_file(witness, ".seen")
    marker.write_bytes(content)
    with pytest.raises(IntegrityError, match="does not say how many commits") as broken:
        witness.add_checkpoint(body_of(log, 2))
    assert str(marker) in broken.value.message
    assert len(broken.value.message) < 500


def test_refused_at_every_step_it_signs_nothing_and_forgets_nothing(
    tmp_path: Path, log: EventLog, witness: WitnessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(log, "three", battles(range(20, 22)))
    body = body_of(log, 2)
    left = [0]

    def failing(operation: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return operation(*arguments)

        return run

    monkeypatch.setattr(os, "fsync", failing(os.fsync))
    monkeypatch.setattr(Path, "replace", failing(Path.replace))
    steps = 0
    while True:
        left[0] = steps
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(witness.directory, tmp_path / "copy")
        copy = witness_of(tmp_path / "copy", 1)
        try:
            answer = copy.add_checkpoint(body)
        except StorageError:
            left[0] = 100
            # What was refused is asked again: from what it saw before, or from what it saw last.
            assert 200 in {copy.add_checkpoint(one).status for one in (body, body_of(log, 3))}
            steps += 1
            continue
        assert answer.status == 200
        break
    # Content, name and folder of state and marker.
    assert steps == 6


def test_a_server_whose_state_is_lost_says_so_and_lives(
    log: EventLog, witness: WitnessServer, capsys: pytest.CaptureFixture[str]
) -> None:
    state = first_file(witness, ".json")
    kept = state.read_bytes()
    state.unlink()
    with serving(http_server(witness, 0)) as url:
        for status in (500, 200):
            connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
            connection.request("POST", PATH, body_of(log, 2))
            answer = connection.getresponse()
            assert answer.status == status
            assert str(state) not in answer.read().decode()
            connection.close()
            state.write_bytes(kept)
    said = capsys.readouterr().err
    assert str(state) in said
    assert "Traceback" not in said


def test_the_command_names_the_lost_file(tmp_path: Path) -> None:
    home, state, held = tmp_path / "home", tmp_path / "witness", tmp_path / "checkpoint"
    document(home, "ingest", write_votes(tmp_path / "votes.jsonl", 0, 5), "--json")
    assert demoscope(home, "log", "checkpoint", "--out", held).returncode == 0
    request = tmp_path / "request"
    wanted = ("--size", "0", "--out", request)
    assert demoscope(home, "log", "prove-consistency", held, *wanted).returncode == 0
    named = ("--state", state, "--name", "witness.example", "--log-key", home / "log-public.pub")
    assert demoscope(home, "witness", "sign", request, *named).returncode == 0
    next(state.glob("*.json")).unlink()
    refused = demoscope(home, "witness", "sign", request, *named)
    assert (refused.returncode, refused.stdout) == (5, "")
    assert "is missing" in refused.stderr
