"""What a witness answers is put under a checkpoint only if it is a signature, and checked."""

import base64
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import IntegrityError, UsageError
from ingestion.log import EventLog
from ingestion.log.checkpoint import DASH, Verifier, base64_of, open_note, verifier_of
from ingestion.log.cosignature import Cosignature, cosign, cosigned_at
from ingestion.log.durable import StorageError
from ingestion.log.witness import http_server
from orchestration import witnessing
from orchestration.witnessing import checked_lines, cosigned
from tests.attacks.small_votes import write_votes
from tests.attacks.witnesses import (
    KEY,
    NAME,
    NOW,
    answering,
    key_of,
    note_of,
    public,
    serving,
    witness_of,
)
from tests.end_to_end.command import demoscope, document
from tests.ingestion.log.events import battles, commit

LOG = verifier_of(NAME, KEY)
ONE, TWO = (public(witness_of(Path(), number)) for number in (1, 2))


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """One commit."""
    log = EventLog.open(tmp_path / "log")
    commit(log, "one", battles(range(4)))
    return log


@pytest.fixture
def note(log: EventLog) -> str:
    """Its checkpoint."""
    return note_of(log)


def text_of(note: str) -> str:
    return note.rpartition("\n\n")[0] + "\n"


def line_of(note: str, number: int, seconds: int = NOW) -> str:
    return cosign(text_of(note), f"witness-{number}.example", key_of(number), seconds)


def bare(name: str, content: bytes) -> str:
    return f"{DASH}{name} {base64_of(content)}\n"


def malformed(note: str) -> dict[str, bytes]:
    """Answers that are no cosignature, by what is wrong with them."""
    line = line_of(note, 1)
    content = base64.b64decode(line.split()[-1])
    return {
        "nothing": b"",
        "a newline": b"\n",
        "a page": b"<html>Welcome</html>\n",
        "no newline": line[:-1].encode(),
        "a blank line": f"{line}\n".encode(),
        "a blank line before": f"\n{line}".encode(),
        "another checkpoint": f"{note}{line}".encode(),
        "no dash": line.removeprefix(DASH).encode(),
        "a hyphen": line.replace(DASH, "- ").encode(),
        "no time": bare(ONE.name, content[:4] + content[12:]).encode(),
        "a byte less": bare(ONE.name, content[:-1]).encode(),
        "a byte more": bare(ONE.name, content + b"\0").encode(),
        "no padding": line.replace("=", "").encode(),
        "a plus": bare("witness+1.example", content).encode(),
        "a space": bare("witness 1.example", content).encode(),
        "a tab": bare("witness\t1", content).encode(),
        "a carriage return": line.replace("\n", "\r\n").encode(),
        "an escape": bare("\x1b[31mred", content).encode(),
        "a line separator": bare("a\u2028b", content).encode(),
        "a zero width": bare("a\u200bb", content).encode(),
        "no name": bare("", content).encode(),
        "no utf-8": line.encode().replace(b"witness", b"witn\xffss"),
        "no ascii": line.encode().replace(b"=", b"\xc3\xa9"),
        "time 0": line_of(note, 1, 0).encode(),
        "time of 2**40": line_of(note, 1, 1 << 40).encode(),
        "the largest time": line_of(note, 1, 2**64 - 1).encode(),
        "a time ahead": line_of(note, 1, int(time.time()) + 2 * 86_400).encode(),
        "the log's own key": bare(NAME, LOG.key_id + content[4:]).encode(),
        "twice": (line * 2).encode(),
        "a line and rubbish": f"{line}rubbish\n".encode(),
        "far too much": line.encode() * 2000,
    }


WRONG = sorted(malformed("a\n1\nAAAA\n\nsigned\n"))


@pytest.mark.parametrize("trusted", [(), (ONE, TWO)], ids=["any", "policy"])
@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_cosignature_is_refused(
    log: EventLog, note: str, what: str, trusted: tuple[Verifier, ...]
) -> None:
    with (
        answering((200, malformed(note)[what])) as url,
        pytest.raises(IntegrityError, match="cannot be put under") as refused,
    ):
        cosigned(log, 1, note, url, trusted)
    assert url in refused.value.message
    assert len(refused.value.message) < 800
    assert refused.value.message.isprintable()


def test_a_cosignature_must_be_of_a_key_of_the_policy(log: EventLog, note: str) -> None:
    alone = {
        "another key": line_of(note, 2),
        "a known name with another key": cosign(text_of(note), ONE.name, key_of(2), NOW),
        "another text": line_of(note.replace("\n1\n", "\n2\n"), 1),
        "a forged one": bare(ONE.name, ONE.key_id + (NOW).to_bytes(8, "big") + bytes(64)),
    }
    for answer in alone.values():
        with answering((200, answer.encode())) as url, pytest.raises(IntegrityError):
            cosigned(log, 1, note, url, (ONE,))
    both = line_of(note, 1) + line_of(note, 3)
    with answering((200, both.encode())) as url:
        signed = cosigned(log, 1, note, url, (ONE, TWO))
    assert signed == note + line_of(note, 1)  # a key that nobody named adds nothing
    assert cosigned_at(signed, ONE) == NOW
    assert open_note(signed.encode(), LOG) == text_of(note)


def test_a_second_line_of_one_witness_is_refused(log: EventLog, note: str) -> None:
    forged = bare(ONE.name, ONE.key_id + NOW.to_bytes(8, "big") + bytes(64))
    with answering((200, forged.encode())) as url:
        poisoned = cosigned(log, 1, note, url)  # nobody said whose key to check it with
    with (
        answering((200, line_of(note, 1).encode())) as url,
        pytest.raises(IntegrityError, match="has a line of"),
    ):
        cosigned(log, 1, poisoned, url)


@given(answer=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_other_answer_is_put_under_a_checkpoint(answer: bytes) -> None:
    note = "study.example/log\n1\nAAAA\n\n\N{EM DASH} a AAAA\n"
    with pytest.raises(IntegrityError):
        checked_lines(note, answer, ())


@given(data=st.data())
def test_a_changed_cosignature_is_refused(data: st.DataObject) -> None:
    note = "study.example/log\n1\nAAAA\n\n\N{EM DASH} a AAAA\n"
    line = line_of(note, 1).encode()
    assert Cosignature.parse(line[:-1].decode()).seconds == NOW
    at, bit = data.draw(st.integers(0, len(line) - 1)), data.draw(st.integers(0, 7))
    changed = line[:at] + bytes([line[at] ^ (1 << bit)]) + line[at + 1 :]
    with pytest.raises(IntegrityError):
        checked_lines(note, changed, (ONE,))


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (409, b""),
        (409, b"many\n"),
        (409, b"9" * 5000),
        (409, b"-1\n"),
        (409, "\N{ARABIC-INDIC DIGIT ONE}\n".encode()),
        (409, b"\x1b]0;owned\x07" * 1000),
        (403, b"\x1b[2J" * 1000),
        (500, b"\xff\xfe" * 4000),
        (301, b""),
        (204, b""),
    ],
)
def test_a_refusal_is_told_in_a_bounded_sentence(
    log: EventLog, note: str, status: int, answer: bytes
) -> None:
    with answering((status, answer)) as url, pytest.raises(IntegrityError) as refused:
        cosigned(log, 1, note, url)
    assert url in refused.value.message
    assert len(refused.value.message) < 800
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    "url", ["", "witness", "http://", "http://[", "ftp://a", "http://a:port", "http://a:99999"]
)
def test_what_is_no_address_is_refused(log: EventLog, note: str, url: str) -> None:
    with pytest.raises(UsageError, match="no address of a witness"):
        cosigned(log, 1, note, url)


def test_a_witness_that_answers_too_slowly_is_left(
    log: EventLog, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "TIMEOUT_SECONDS", 0.3)
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection = server.accept()[0]
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not is_over.wait(0.05):
                    connection.sendall(b"X")

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(StorageError, match="did not answer"):
            cosigned(log, 1, note, f"http://127.0.0.1:{server.getsockname()[1]}")
        assert time.monotonic() - began < 5
        is_over.set()


def test_the_command_writes_nothing_of_a_bad_answer(tmp_path: Path) -> None:
    home, held, policy = tmp_path / "home", tmp_path / "checkpoint", tmp_path / "policy"
    document(home, "ingest", write_votes(tmp_path / "votes.jsonl", 0, 5), "--json")
    policy.write_text(f"witness {ONE}\nwitness {TWO}\nquorum 1\n", "utf-8")
    asked = ("log", "checkpoint", "--out", held)
    with answering((200, b"hello\n")) as url:
        refused = demoscope(home, *asked, "--witness", url)
    assert refused.returncode == IntegrityError.exit_code
    assert "hello" in refused.stderr
    assert not held.exists()
    assert demoscope(home, *asked, "--policy", policy).returncode == UsageError.exit_code
    log_key = (home / "log-public.pub").read_text("utf-8")
    witness = witness_of(tmp_path / "witness", 1)
    logs = (Verifier.parse(log_key),)
    known = type(witness)(witness.name, witness.key, witness.directory, logs)
    with serving(http_server(known, 0)) as url:
        unchecked = demoscope(home, *asked, "--witness", url)
        assert "not checked" in unchecked.stderr
        done = demoscope(home, *asked, "--witness", url, "--policy", policy)
    assert done.returncode == 0, done.stderr
    assert "not checked" not in done.stderr
    said = document(home, "log", "verify", "--checkpoint", held, "--policy", policy, "--json")
    assert list(said["witnesses"]) == [ONE.name]
