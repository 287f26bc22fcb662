"""The site on this machine: its own regular files, to its own reader, and nothing else."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingestion.errors import BusyError
from publishing.own_requests import LOOPBACK, why_foreign
from publishing.page.building import HOME_PAGE

if TYPE_CHECKING:
    from io import BytesIO
    from typing import BinaryIO


class _Quiet(SimpleHTTPRequestHandler):
    """Logs no requests, lists no directory, and lets no browser keep an old page."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        del format, args

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Send the headers of a file of the site, or of a refusal."""
        port = cast("ThreadingHTTPServer", self.server).server_port
        if why := why_foreign(self.headers.items(), port):
            self.send_error(HTTPStatus.FORBIDDEN, explain=why)
            return None
        if not self._is_of_the_site():
            self.send_error(HTTPStatus.NOT_FOUND, explain="The site has no such file.")
            return None
        return super().send_head()

    def _is_of_the_site(self) -> bool:
        """Whether it is a regular file below the site, wherever links on the way lead."""
        site, asked = Path(self.directory), Path(self.translate_path(self.path))
        try:
            real = (asked / HOME_PAGE if asked == site else asked).resolve(strict=True)
            return real.is_file() and real.is_relative_to(site.resolve())
        except (OSError, RuntimeError, ValueError):  # gone, a circle of links, or no path at all
            return False


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
