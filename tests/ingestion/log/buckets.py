"""Buckets on the loopback address, whose server does wrong what it is told to do wrong."""

import json
import os
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from ingestion.log import EventLog

UNHEARD, UNANSWERED, CONFLICT, UNCONDITIONAL, FORBIDDEN = (
    "unheard",
    "unanswered",
    "conflict",
    "unconditional",
    "forbidden",
)
"""The request is lost, or its answer, after the server has done it; a write meets another one; the
condition of a write is ignored; the credentials are refused, in many words."""

Fault = Callable[[str, str], str | None]
"""Of a method and a path, what goes wrong."""

VERSIONING = (
    '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Status>{}</Status></VersioningConfiguration>"
)
SECRET, KEY_ID, TOKEN = "a-secret-key-of-mine", "AKIAOFMINE", "a-session-token-of-mine"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (as werkzeug has it)
        pass


class BucketServer:
    """moto's S3 behind `fault`. One request at a time acts: moto looks for an object, then puts."""

    def __init__(self) -> None:
        self.fault: Fault = lambda method, path: None
        self._app = DomainDispatcherApplication(create_backend_app)
        self._alone = threading.Lock()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What a machine needs to know to use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
            "AWS_REGION": "us-east-1",
        }

    def make(self, bucket: str) -> str:
        """A new bucket; its address."""
        self._send(f"/{bucket}", b"")
        return f"s3://{bucket}/a/log"

    def keep_versions(self, bucket: str, status: str = "Enabled") -> None:
        self._send(f"/{bucket}?versioning", VERSIONING.format(status).encode())

    def _send(self, path: str, content: bytes) -> None:
        request = urllib.request.Request(f"{self.url}{path}", content, method="PUT")  # noqa: S310  (of this test, on loopback)
        # By this moto knows which service is meant; it checks no signature.
        scope = f"{KEY_ID}/20260101/us-east-1/s3/aws4_request"
        signed = f"Credential={scope}, SignedHeaders=host, Signature=0"
        request.add_header("Authorization", f"AWS4-HMAC-SHA256 {signed}")
        request.add_header("Content-Type", "application/xml")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (of this test, on loopback)
            assert answer.status == 200

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        what = self.fault(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if what == UNHEARD:
            return self._hang_up(environ, start_response)
        if what in {CONFLICT, FORBIDDEN}:
            status, code = (
                ("409 Conflict", "ConditionalRequestConflict")
                if what == CONFLICT
                else ("403 Forbidden", "SignatureDoesNotMatch")
            )
            start_response(status, [("Content-Type", "application/xml")])
            said = json.dumps([SECRET, KEY_ID, TOKEN])
            return [f"<Error><Code>{code}</Code><Message>{said}</Message></Error>".encode()]
        if what == UNCONDITIONAL:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        with self._alone:
            content = [b"".join(self._app(environ, start_response))]
        return self._hang_up(environ, start_response) if what == UNANSWERED else content

    @staticmethod
    def _hang_up(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start_response("200 OK", [])
        return []


class Machines:
    """Machines that have one log: each has a home of its own, but on a disk they share one."""

    def __init__(self, directory: Path, url: str | None, environment: dict[str, str]) -> None:
        self.directory, self.url = directory, url
        self.environment = environment | ({} if url is None else {"DEMOSCOPE_LOG": url})

    def home(self, name: str) -> Path:
        return self.directory / ("shared" if self.url is None else name)

    @contextmanager
    def at(self, name: str) -> Iterator[Path]:
        """Being at a machine."""
        with patch.dict(os.environ, self.environment | {"DEMOSCOPE_HOME": str(self.home(name))}):
            yield self.home(name)

    def log(self, name: str) -> EventLog:
        with self.at(name) as home:
            return EventLog.open(home / "log")
