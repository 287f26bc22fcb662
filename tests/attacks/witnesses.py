"""Witnesses of one small log, with keys that are known."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.log import EventLog
from ingestion.log.checkpoint import Verifier, sign, verifier_of
from ingestion.log.cosignature import witness_key
from ingestion.log.witness import WitnessServer

NAME = "study.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW = 1_700_000_000


def key_of(number: int) -> Ed25519PrivateKey:
    """The private key of a witness."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def note_of(log: EventLog) -> str:
    """The log's checkpoint, signed."""
    return sign(log.checkpoint(NAME).encode(), NAME, KEY)


def witness_of(directory: Path, number: int) -> WitnessServer:
    """A witness of the log."""
    logs = (verifier_of(NAME, KEY),)
    name = f"witness-{number}.example"
    return WitnessServer(name, key_of(number), directory, logs, lambda: NOW + number)


def public(witness: WitnessServer) -> Verifier:
    """Its public key."""
    return witness_key(witness.name, witness.key)


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of a server that runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[str]:
    """The address of a server that gives these answers, one a request, the last again."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, content = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url
