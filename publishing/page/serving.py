"""Serving the site to this machine alone.

What stays out: building it (building.py), and serving the world: any web server can, it is files.
"""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    """Says nothing of every request, and lets nobody keep an old page."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        del format, args

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def server(directory: Path, port: int) -> ThreadingHTTPServer:
    """A server on loopback, bound and not yet serving; port 0 for any that is free.

    Raises:
        BusyError: the port is taken.
    """
    handler = partial(_Quiet, directory=str(directory))
    try:
        return ThreadingHTTPServer((LOOPBACK, port), handler)
    except OSError as error:
        message = f"Port {port} cannot be used: {error.strerror}."
        raise BusyError(message, remedy="Give another: --port N") from error
