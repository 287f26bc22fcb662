"""Asking witnesses to sign a checkpoint."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import commit_tree
from ingestion.log.durable import StorageError
from ingestion.log.witness import CONFLICT, OK, PATH, Answer, request_body

if TYPE_CHECKING:
    from ingestion.log import EventLog

TIMEOUT_SECONDS = 30
MOST_BYTES = 1 << 16


def cosigned(log: EventLog, size: int, note: str, url: str) -> str:
    """The note with a witness's line under it.

    The witness says which checkpoint it saw last, and gets the proof that this one continues it.

    Args:
        log: the log.
        size: commits of the checkpoint.
        note: the signed checkpoint.
        url: of the witness, without a path.

    Raises:
        UsageError: it is no address.
        StorageError: the witness did not answer.
        IntegrityError: it refused to sign.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        message = f"{url!r} is no address of a witness."
        raise UsageError(message, remedy="It looks like http://127.0.0.1:8800.")
    tree = commit_tree(log, size)
    answer = _ask(url, request_body(0, [], note))
    seen = answer.text.strip()
    if answer.status == CONFLICT and seen.isdecimal() and 0 < int(seen) <= size:
        old = int(seen)
        answer = _ask(url, request_body(old, tree.consistency(old), note))
    if answer.status == CONFLICT:
        message = (
            f"The witness at {url} has seen {answer.text.strip()} commits of this log, and this"
            f" checkpoint of {size} does not continue them."
        )
        raise IntegrityError(message, remedy="Was the log cut off or put back? demoscope doctor.")
    if answer.status != OK:
        raise IntegrityError(f"The witness at {url} refused to sign: {answer.text.strip()}")
    return note + answer.text


def _ask(url: str, body: str) -> Answer:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = HTTPSConnection if secure else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        with closing(connection):
            connection.request("POST", parts.path.rstrip("/") + PATH, body.encode())
            response = connection.getresponse()
            return Answer(response.status, response.read(MOST_BYTES).decode(errors="replace"))
    except (HTTPException, OSError, ValueError) as error:
        message = f"The witness at {url} did not answer: {error}."
        raise StorageError(message, remedy="Is it running? demoscope witness serve.") from error
