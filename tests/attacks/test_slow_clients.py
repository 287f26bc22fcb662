"""Slow and many clients hold a witness for a bounded time."""

import socket
import threading
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingestion.log import EventLog
from ingestion.log.witness import (
    DEADLINE_SECONDS,
    LOOPBACK,
    MOST_BYTES,
    MOST_CONNECTIONS,
    PATH,
    WitnessServer,
    http_server,
    request_body,
)
from tests.attacks.witnesses import note_of, serving, witness_of
from tests.ingestion.log.events import battles, commit

HEAD = f"POST {PATH} HTTP/1.1\r\nContent-Length: 100\r\n\r\n".encode()


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """One commit."""
    log = EventLog.open(tmp_path / "log")
    commit(log, "one", battles(range(4)))
    return log


@pytest.fixture
def witness(tmp_path: Path) -> WitnessServer:
    """One that saw nothing."""
    return witness_of(tmp_path / "witness", 1)


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10)


def answer_of(client: socket.socket) -> bytes:
    """All that a server says until it closes; nothing where it refused the connection."""
    said = b""
    try:
        while more := client.recv(4096):
            said += more
    except ConnectionError:
        pass
    return said


def status_of(url: str, body: bytes) -> int:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("POST", PATH, body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_what_is_promised() -> None:
    assert (DEADLINE_SECONDS, MOST_CONNECTIONS, LOOPBACK) == (30, 64, "127.0.0.1")


@pytest.mark.parametrize("begun", [b"", b"POST /add", HEAD], ids=["line", "path", "body"])
def test_a_client_that_drips_is_cut_off(
    log: EventLog, witness: WitnessServer, begun: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(http_server(witness, 0, seconds=0.3)) as url, connected(url) as client:
        client.sendall(begun)
        is_over, began = threading.Event(), time.monotonic()

        def drip() -> None:
            try:
                while not is_over.wait(0.05):
                    client.sendall(b"x")
            except OSError:
                pass

        threading.Thread(target=drip, daemon=True).start()
        said = answer_of(client)
        waited = time.monotonic() - began
        is_over.set()
        assert waited < 5
        assert b" 200 " not in said
        assert status_of(url, request_body(0, [], note_of(log)).encode()) == 200
    assert "Traceback" not in capfd.readouterr().err


def test_so_many_connections_are_open_at_once(log: EventLog, witness: WitnessServer) -> None:
    body = request_body(0, [], note_of(log)).encode()
    with serving(http_server(witness, 0, seconds=1, most=3)) as url, ExitStack() as stack:
        before = threading.active_count()
        silent = [stack.enter_context(connected(url)) for _ in range(8)]
        # Three wait for the deadline; the others are closed at once.
        assert answer_of(silent[-1]) == b""
        assert threading.active_count() <= before + 3
        for client in silent:
            answer_of(client)
        assert status_of(url, body) == 200


@pytest.mark.parametrize(
    "length",
    ["", "-1", "1.5", str(MOST_BYTES + 1), "9" * 5000, "\u0661".encode().decode("latin-1")],
)
def test_a_length_that_is_none_is_refused(
    witness: WitnessServer, length: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(http_server(witness, 0)) as url, connected(url) as client:
        client.sendall(
            f"POST {PATH} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode("latin-1")
        )
        assert b" 400 " in answer_of(client)
    assert "Traceback" not in capfd.readouterr().err


def test_a_body_that_ends_early_is_refused(log: EventLog, witness: WitnessServer) -> None:
    body = request_body(0, [], note_of(log)).encode()
    with serving(http_server(witness, 0)) as url, connected(url) as client:
        head = f"POST {PATH} HTTP/1.1\r\nContent-Length: {len(body) + 1}\r\n\r\n"
        client.sendall(head.encode() + body)
        client.shutdown(socket.SHUT_WR)
        assert b" 400 " in answer_of(client)
    assert not list(witness.directory.glob("*.json"))


def test_a_client_that_goes_away_leaves_no_trace(
    witness: WitnessServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(http_server(witness, 0)) as url:
        for begun in (b"", b"POST", HEAD, HEAD + b"x" * 100):
            client = connected(url)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(begun)
            client.close()
        assert status_of(url, b"old") == 400
    assert "Traceback" not in capfd.readouterr().err


def test_it_listens_on_this_machine_only(witness: WitnessServer) -> None:
    server = http_server(witness, 0)
    assert server.server_address[0] == LOOPBACK
    server.server_close()
