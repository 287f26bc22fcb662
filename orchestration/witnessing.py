"""Asking witnesses to sign a checkpoint.

An answer is a stranger's text: only cosignatures are put under the checkpoint, and where their keys
are known they must hold.
"""

from __future__ import annotations

import re
from concurrent.futures import Future
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import Verifier, commit_tree
from ingestion.log.cosignature import Cosignature, signers
from ingestion.log.durable import StorageError
from ingestion.log.witness import CONFLICT, OK, PATH, request_body

if TYPE_CHECKING:
    from ingestion.log import EventLog

TIMEOUT_SECONDS = 30
MOST_BYTES = 1 << 16
_SHOWN = 200
_SIZE = re.compile(rb"[0-9]{1,18}\n?")


def cosigned(
    log: EventLog, size: int, note: str, url: str, trusted: tuple[Verifier, ...] = ()
) -> str:
    """The note with a witness's line under it.

    The witness says which checkpoint it saw last, and gets the proof that this one continues it.

    Args:
        log: the log.
        size: commits of the checkpoint.
        note: the signed checkpoint.
        url: of the witness, without a path.
        trusted: keys of witnesses, one of which must have signed; without any, a line need only
            look like a cosignature.

    Raises:
        UsageError: it is no address.
        StorageError: the witness did not answer.
        IntegrityError: it refused to sign, or answered something else than cosignatures.
    """
    parts = _address(url)
    tree = commit_tree(log, size)
    status, content = _ask(parts, request_body(0, [], note))
    seen = int(content) if status == CONFLICT and _SIZE.fullmatch(content) else None
    if seen is not None and 0 < seen <= size:
        status, content = _ask(parts, request_body(seen, tree.consistency(seen), note))
    if status == CONFLICT and _SIZE.fullmatch(content):
        message = (
            f"The witness at {url} has seen {int(content)} commits of this log, and this"
            f" checkpoint of {size} does not continue them."
        )
        raise IntegrityError(message, remedy="Was the log cut off or put back? demoscope doctor.")
    if status != OK:
        message = f"The witness at {url} refused to sign ({status}): {_shown(content)}"
        raise IntegrityError(message)
    try:
        return note + checked_lines(note, content, trusted)
    except IntegrityError as error:
        message = (
            f"The witness at {url} answered what cannot be put under a checkpoint: {error.message}"
            f" It answered {_shown(content)}."
        )
        remedy = "Is it the right address, and its key in the policy? The checkpoint is as it was."
        raise IntegrityError(message, remedy=remedy) from error


def checked_lines(note: str, content: bytes, trusted: tuple[Verifier, ...]) -> str:
    """The lines of an answer that are to be put under a note; lines of other keys are left out.

    Args:
        note: the signed checkpoint.
        content: the answer.
        trusted: keys of witnesses; none: any.

    Raises:
        IntegrityError: they are not one or more cosignatures, or not of these keys, or do not hold.
    """
    try:
        answer = content.decode() if len(content) <= MOST_BYTES else ""
        *lines, end = answer.split("\n")
        found = [Cosignature.parse(line) for line in lines]
    except ValueError:
        lines, found, end = [], [], ""
    if end or not found:
        raise IntegrityError("It is not one cosignature or more, one a line.")
    text, before = note.rpartition("\n\n")[0] + "\n", signers(note)
    kept: list[str] = []
    for one, line in zip(found, lines, strict=True):
        witness = next((key for key in trusted if one.is_of(key)), None)
        if trusted and witness is None:
            continue
        if (one.name, one.key_id) in before:
            raise IntegrityError(f"The checkpoint has a line of {one.name[:_SHOWN]!r}.")
        before.add((one.name, one.key_id))
        one.require_time()
        if witness is not None:
            one.require_signed(text, witness)
        kept.append(f"{line}\n")
    if not kept:
        raise IntegrityError(f"The policy has no such key of {found[0].name[:_SHOWN]!r}.")
    return "".join(kept)


def _shown(content: bytes) -> str:
    return repr(content[:_SHOWN].decode(errors="backslashreplace").strip()[:_SHOWN])


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        parts, is_whole = urlsplit(""), False
    if not is_whole:
        message = f"{url!r} is no address of a witness."
        raise UsageError(message, remedy="It looks like http://127.0.0.1:8800.")
    return parts


def _ask(parts: SplitResult, body: str) -> tuple[int, bytes]:
    # The timeout of a socket is for each read: a witness that drips would hold us for hours.
    answer: Future[tuple[int, bytes]] = Future()

    def ask() -> None:
        try:
            answer.set_result(_exchanged(parts, body))
        except (HTTPException, OSError, ValueError) as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(TIMEOUT_SECONDS)
    except (HTTPException, OSError, ValueError) as error:
        why = repr(str(error)[:_SHOWN]) if str(error) else f"not in {TIMEOUT_SECONDS} seconds"
        message = f"The witness at {parts.geturl()} did not answer: {why}."
        raise StorageError(message, remedy="Is it running? demoscope witness serve.") from error


def _exchanged(parts: SplitResult, body: str) -> tuple[int, bytes]:
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    with closing(connection):
        connection.request("POST", parts.path.rstrip("/") + PATH, body.encode())
        response = connection.getresponse()
        return response.status, response.read(MOST_BYTES + 1)
