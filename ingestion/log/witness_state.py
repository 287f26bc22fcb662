"""What a witness remembers of a log: size and root of the checkpoint that it saw last.

That is `<SHA-256 of the origin>.json`, and beside it is a marker, `<SHA-256 of the origin>.seen`,
with the size alone. The marker tells a log that was never seen from one whose state is lost, and a
state from an older one that was put back. Without both of them the witness has forgotten the log.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import IntegrityError
from ingestion.json_object import parse_object
from ingestion.log.checkpoint import HASH_BYTES
from ingestion.log.durable import fsync_directory, write_private
from ingestion.log.merkle import EMPTY_ROOT

MARKER = ".seen"
_SIZE = re.compile(rb"[0-9]{1,19}\n")
_SHOWN = 60
_REMEDY = (
    "Restore the witness's folder from a copy that is not older. If there is none, this witness"
    " cannot sign for the log any more: make another in an empty folder, with a new name and key,"
    " and tell those who rely on it."
)


@dataclass(frozen=True)
class State:
    """What a witness remembers of one log."""

    size: int = 0
    root: bytes = EMPTY_ROOT


def seen(path: Path) -> State:
    """What a witness saw last; size 0 of a log that it never saw.

    Raises:
        IntegrityError: it saw the log, but the file is missing, older or broken.
    """
    size = _marked(path.with_suffix(MARKER))
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if size is None:
            return State()
        message = f"{path} is missing, but this witness saw {size} commits of that log."
        raise IntegrityError(message, remedy=_REMEDY) from error
    state = _state(path, content)
    if size is None:
        _mark(path, state)
    elif state.size < size:
        message = f"{path} says {state.size} commits, but this witness saw {size} of that log."
        raise IntegrityError(message, remedy=_REMEDY)
    return state


def remember(path: Path, state: State) -> None:
    """Make durable what is seen now.

    The state comes first: a marker without it would stop a witness that signed nothing.
    """
    content = json.dumps({"size": state.size, "root": state.root.hex()}) + "\n"
    write_private(path, content.encode())
    fsync_directory(path.parent)
    _mark(path, state)


def _mark(path: Path, state: State) -> None:
    write_private(path.with_suffix(MARKER), f"{state.size}\n".encode())
    fsync_directory(path.parent)


def _marked(path: Path) -> int | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not _SIZE.fullmatch(content):
        message = f"{path} does not say how many commits this witness saw: {content[:_SHOWN]!r}."
        raise IntegrityError(message, remedy=_REMEDY)
    return int(content)


def _state(path: Path, content: bytes) -> State:
    try:
        said = parse_object(content)
        size, root = said["size"], bytes.fromhex(said["root"])
    except (ValueError, KeyError, TypeError):
        size, root = None, b""
    if type(size) is not int or size < 0 or len(root) != HASH_BYTES:
        message = f"{path} does not say what this witness saw last: {content[:_SHOWN]!r}."
        raise IntegrityError(message, remedy=_REMEDY)
    return State(size, root)
