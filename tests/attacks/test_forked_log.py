"""Three witnesses on this machine: a log that grows is signed, one that was forked is not."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.checkpoint import commit_tree, sign
from ingestion.log.cosignature import Policy, cosigned_at
from ingestion.log.witness import PATH, WitnessServer, http_server, request_body
from orchestration.witnessing import cosigned
from tests.attacks.small_votes import write_votes
from tests.attacks.witnesses import KEY, NAME, NOW, note_of, public, serving, witness_of
from tests.end_to_end.command import demoscope, document
from tests.ingestion.log.events import battles, commit


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Two commits."""
    log = EventLog.open(tmp_path / "log")
    commit(log, "one", battles(range(4)))
    commit(log, "two", battles(range(10, 13)))
    return log


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[tuple[WitnessServer, str]]]:
    """Three, each with its address."""
    every = [witness_of(tmp_path / f"witness-{number}", number) for number in (1, 2, 3)]
    with ExitStack() as stack:
        yield [(one, stack.enter_context(serving(http_server(one, 0)))) for one in every]


def policy_of(path: Path, witnesses: list[tuple[WitnessServer, str]], quorum: int) -> Policy:
    lines = [f"witness {public(witness)}" for witness, _ in witnesses]
    path.write_text("# who must have signed\n" + "\n".join([*lines, f"quorum {quorum}"]), "utf-8")
    return Policy.read(path)


def test_a_log_that_grows_is_signed_by_all(
    tmp_path: Path, log: EventLog, witnesses: list[tuple[WitnessServer, str]]
) -> None:
    policy = policy_of(tmp_path / "policy", witnesses, 3)
    for more in (range(0), range(20, 22), range(30, 33)):
        if more:
            commit(log, f"more-{more.start}", battles(more))
        note = note_of(log)
        for _, url in witnesses:
            note = cosigned(log, log.head_seq, note, url)
        assert policy.signed(note) == {f"witness-{k}.example": NOW + k for k in (1, 2, 3)}
    # The same checkpoint again is no other history.
    assert cosigned(log, log.head_seq, note_of(log), witnesses[0][1])


def test_a_forked_log_gets_no_second_signature(
    tmp_path: Path, log: EventLog, witnesses: list[tuple[WitnessServer, str]]
) -> None:
    shutil.copytree(tmp_path / "log", tmp_path / "fork" / "log")
    fork = EventLog.open(tmp_path / "fork" / "log")
    commit(log, "three", battles(range(20, 22)))
    commit(fork, "another", battles(range(40, 42)))
    url = witnesses[0][1]
    cosigned(log, 3, note_of(log), url)
    with pytest.raises(IntegrityError, match="has seen 3 commits"):
        cosigned(fork, 3, note_of(fork), url)
    commit(fork, "longer", battles(range(50, 52)))
    with pytest.raises(IntegrityError, match="does not continue"):
        cosigned(fork, 4, note_of(fork), url)
    cut_off = sign(log.checkpoint(NAME, 2).encode(), NAME, KEY)
    with pytest.raises(IntegrityError, match="has seen 3 commits"):
        cosigned(log, 2, cut_off, url)
    # One who was shown the fork first signs that: two of three cannot sign both.
    cosigned(fork, 4, note_of(fork), witnesses[1][1])
    policy = policy_of(tmp_path / "policy", witnesses, 2)
    with pytest.raises(IntegrityError, match="1 of the 2 witnesses"):
        policy.signed(cosigned(log, 3, note_of(log), url))


def test_of_two_forks_at_once_one_is_signed(tmp_path: Path, log: EventLog) -> None:
    witness = witness_of(tmp_path / "witness", 1)
    witness.add_checkpoint(request_body(0, [], note_of(log)).encode())
    forks = []
    for number in range(8):
        shutil.copytree(tmp_path / "log", tmp_path / f"fork-{number}" / "log")
        fork = EventLog.open(tmp_path / f"fork-{number}" / "log")
        commit(fork, "own", battles(range(100 + number, 101 + number)))
        forks.append(fork)
    bodies = [
        request_body(2, commit_tree(fork, 3).consistency(2), note_of(fork)).encode()
        for fork in forks
    ]
    with ThreadPoolExecutor(8) as beside:
        answers = [answer.status for answer in beside.map(witness.add_checkpoint, bodies)]
    assert sorted(answers) == [200] + [409] * 7


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("old 0", "old x", 400),
        ("old 0\n\n", "old 0\n", 400),
        (NAME, "another.example", 404),
        ("\n2\n", "\n3\n", 403),
        ("old 0", "old 9", 400),
        ("old 0", "old 1", 409),
        ("old 0\n", f"old 0\n{'A' * 43}=\n", 422),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    tmp_path: Path, log: EventLog, old: str, new: str, status: int
) -> None:
    witness = witness_of(tmp_path / "witness", 1)
    body = request_body(0, [], note_of(log))
    assert witness.add_checkpoint(body.replace(old, new, 1).encode()).status == status
    assert witness.add_checkpoint(body.encode()).status == 200


def test_a_server_answers_bad_requests_and_lives(
    log: EventLog, witnesses: list[tuple[WitnessServer, str]]
) -> None:
    url = witnesses[0][1]
    every = (("/", b"", 404), (PATH, b"\xff\xfe", 400), (PATH, b"x" * 200_000, 400))
    for path, body, status in every:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("POST", path, body)
        assert connection.getresponse().status == status
        connection.close()
    assert cosigned(log, 2, note_of(log), url)


def test_a_cosignature_of_another_text_does_not_hold(tmp_path: Path, log: EventLog) -> None:
    witness = witness_of(tmp_path / "witness", 1)
    note = note_of(log) + witness.add_checkpoint(request_body(0, [], note_of(log)).encode()).text
    assert cosigned_at(note, public(witness)) == NOW + 1
    assert cosigned_at(note, public(witness_of(tmp_path, 2))) is None
    with pytest.raises(IntegrityError, match="does not hold"):
        cosigned_at(note.replace("\n2\n", "\n3\n"), public(witness))


def test_commands_of_a_log_and_its_witness(tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "witness"
    document(home, "ingest", write_votes(tmp_path / "votes.jsonl", 0, 5), "--json")
    held = tmp_path / "checkpoint"
    assert demoscope(home, "log", "checkpoint", "--out", held).returncode == 0
    request = tmp_path / "request"
    wanted = ("--size", "0", "--out", request)
    assert demoscope(home, "log", "prove-consistency", held, *wanted).returncode == 0
    named = ("--state", state, "--name", "witness.example")
    log_key = home / "log-public.pub"
    signed = demoscope(home, "witness", "sign", request, *named, "--log-key", log_key)
    assert signed.returncode == 0
    held.write_text(held.read_text("utf-8") + signed.stdout, "utf-8")
    key = demoscope(home, "witness", "key", *named).stdout
    policy = tmp_path / "policy"
    policy.write_text(f"witness {key}quorum 1\n", "utf-8")
    said = document(home, "log", "verify", "--checkpoint", held, "--policy", policy, "--json")
    assert list(said["witnesses"]) == ["witness.example"]
    again = demoscope(home, "witness", "sign", request, *named, "--log-key", log_key)
    assert again.returncode == 5
    assert "has seen 1 commits" in again.stderr
    alone = demoscope(home, "log", "verify", "--policy", policy)
    assert alone.returncode == 2
