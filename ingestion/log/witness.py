"""A witness: it signs a checkpoint only if that continues the last one it saw of the same log.

So nobody can be shown another history of the log than others were, even by who has all its keys.
The protocol is that of c2sp.org/tlog-witness: one request, `POST /add-checkpoint`, whose body is
`old <size>`, the hashes of a consistency proof in base64, a blank line, and the signed checkpoint.

What it saw last is kept as witness_state.py says.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.errors import DemoscopeError, IntegrityError, UsageError
from ingestion.log.checkpoint import Checkpoint, Verifier, open_note
from ingestion.log.cosignature import cosign
from ingestion.log.durable import explained, make_directory
from ingestion.log.merkle import EMPTY_ROOT, is_consistent
from ingestion.log.witness_state import State, remember, seen

PATH = "/add-checkpoint"
LOOPBACK = "127.0.0.1"
MOST_BYTES = 1 << 17
MOST_HASHES = 63
TOO_LONG_AGO_SECONDS = 10
"""A connection that says nothing for so long is closed."""
DEADLINE_SECONDS = 30
"""So is one that is open for so long, whatever it says: it has one request."""
MOST_CONNECTIONS = 64
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LENGTH = re.compile(r"[0-9]{1,9}")


class Answer(NamedTuple):
    """An HTTP status, and a text: cosignatures, a size, or what is wrong."""

    status: int
    text: str


OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 200, 400, 403, 404, 409, 422
BROKEN = 500


def request_body(old_size: int, path: list[bytes], note: str) -> str:
    """What a log asks of a witness.

    Args:
        old_size: of the checkpoint that the witness saw last.
        path: shows that the new one continues it.
        note: the signed checkpoint.
    """
    hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in path)
    return f"old {old_size}\n{hashes}\n{note}"


@dataclass(frozen=True)
class WitnessServer:
    """A witness of some logs.

    Args:
        name: under which it signs.
        key: its private key.
        directory: where it remembers what it saw.
        logs: public keys of the logs, whose names are the origins of their checkpoints.
        clock: seconds since 1970.
    """

    name: str
    key: Ed25519PrivateKey
    directory: Path
    logs: tuple[Verifier, ...]
    clock: Callable[[], float] = time.time

    def add_checkpoint(self, body: bytes) -> Answer:
        """Sign a checkpoint, or say why not.

        Raises:
            IntegrityError: what was seen last is lost.
            StorageError: what is seen now cannot be kept.
        """
        if len(body) > MOST_BYTES:
            return Answer(BAD_REQUEST, f"A request has at most {MOST_BYTES} bytes.\n")
        try:
            old_size, path, note = _parsed(body)
        except ValueError:
            return Answer(BAD_REQUEST, "This is no request for a cosignature.\n")
        text = note.rpartition("\n\n")[0] + "\n"
        known = [log for log in self.logs if log.name == text.split("\n")[0]]
        if not known:
            return Answer(NOT_FOUND, "This log is not known here.\n")
        try:
            checkpoint = Checkpoint.parse(open_note(note.encode(), *known))
        except IntegrityError as error:
            return Answer(FORBIDDEN, f"{error.message}\n")
        if old_size > checkpoint.size:
            return Answer(BAD_REQUEST, "The older checkpoint is longer than the newer.\n")
        with self._held(checkpoint.origin) as file:
            refusal = _refusal(seen(file), old_size, checkpoint, path)
            if refusal is None:
                remember(file, State(checkpoint.size, checkpoint.root))
        return refusal or Answer(OK, cosign(text, self.name, self.key, int(self.clock())))

    @contextmanager
    def _held(self, origin: str) -> Iterator[Path]:
        # One at a time: of two that continue the same checkpoint only one is signed.
        path = self.directory / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"
        with explained("Writing", path):
            make_directory(self.directory)
            with path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield path


def _refusal(
    last: State, old_size: int, checkpoint: Checkpoint, path: list[bytes]
) -> Answer | None:
    is_other = checkpoint.size == last.size and checkpoint.root != last.root
    if last.size != old_size or checkpoint.size < last.size or is_other:
        return Answer(CONFLICT, f"{last.size}\n")
    if is_consistent(last.size, last.root, checkpoint.size, checkpoint.root, path):
        return None
    return Answer(UNPROCESSABLE, "It does not continue the checkpoint that was seen last.\n")


def _parsed(body: bytes) -> tuple[int, list[bytes], str]:
    head, blank, note = body.decode().partition("\n\n")
    first, *hashes = head.split("\n")
    size = first.removeprefix("old ")
    if (
        first != f"old {size}"
        or not blank
        or len(hashes) > MOST_HASHES
        or not _SIZE.fullmatch(size)
    ):
        raise ValueError(first)
    path = [base64.b64decode(one, validate=True) for one in hashes]
    if any(len(one) != len(EMPTY_ROOT) for one in path):
        raise ValueError("a hash has 32 bytes")
    return int(size), path, note


class _Server(ThreadingHTTPServer):
    """A server that bounds how many connections are open, and each for how long."""

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], port: int, seconds: float, most: int
    ) -> None:
        self._began: dict[socket.socket, float] = {}
        self._seconds, self._most = seconds, most
        super().__init__((LOOPBACK, port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._began[request] = time.monotonic()
        if len(self._began) > self._most:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._began.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        # Called between connections, at least twice a second.
        for request, began in self._began.copy().items():
            if time.monotonic() - began > self._seconds:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # such as a client that went away
            super().handle_error(request, client_address)


def http_server(
    witness: WitnessServer,
    port: int,
    *,
    seconds: float = DEADLINE_SECONDS,
    most: int = MOST_CONNECTIONS,
) -> ThreadingHTTPServer:
    """A server of the witness on this machine only; port 0 takes a free one.

    Args:
        witness: what answers.
        port: to listen on.
        seconds: after which a connection is cut off.
        most: connections at once; one more is closed unanswered.

    Raises:
        UsageError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = TOO_LONG_AGO_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH:
                self._send(Answer(NOT_FOUND, f"Ask at {PATH}.\n"))
            elif not _LENGTH.fullmatch(length) or int(length) > MOST_BYTES:
                self._send(Answer(BAD_REQUEST, f"At most {MOST_BYTES} bytes.\n"))
            else:
                self._send(self._answer(int(length)))

        def _answer(self, length: int) -> Answer:
            body = self.rfile.read(length)
            if len(body) < length:
                return Answer(BAD_REQUEST, f"The request ended after {len(body)} bytes.\n")
            try:
                return witness.add_checkpoint(body)
            except DemoscopeError as error:
                self.log_error("%s", error)  # files here are nothing for a stranger
                return Answer(BROKEN, "This witness cannot sign now. Ask its operator why.\n")

        def _send(self, answer: Answer) -> None:
            content = answer.text.encode()
            is_size = answer.status == CONFLICT
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/x.tlog.size" if is_size else "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, *_: object) -> None:
            """Say nothing of every request."""

    try:
        return _Server(Handler, port, seconds, most)
    except OSError as error:
        message = f"Port {port} cannot be used: {error}."
        raise UsageError(message, remedy="Take another: --port 0 finds one.") from error
