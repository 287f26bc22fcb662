"""Whether a kept board is still what it was: every file of it against its id, from the bytes up.

A board whose files agree with its id holds the very numbers that were published under that id.
That those numbers follow from the log is another question: reproduction.py.

What stays out: mending anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError
from publishing.boards.identity import KEY, identity, ordered
from publishing.boards.signing import Opened, open_envelope
from publishing.boards.statement import PREDICATE_TYPE, STATEMENT_TYPE
from publishing.boards.store import BOARD_FILE, ENVELOPE_FILE, ROWS_FILE, STATEMENT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from publishing.boards.store import Board


@dataclass(frozen=True)
class Checked:
    """What was found.

    Args:
        document: board.json, parsed; None where it cannot be.
        findings: what is not what it was, one sentence each.
        opened: the signed statement; None where there is none.
    """

    document: dict[str, Any] | None
    findings: tuple[str, ...]
    opened: Opened | None


def check(board: Board, trusted: Sequence[Ed25519PublicKey] = ()) -> Checked:
    """Check every file of a board.

    Args:
        board: a kept board.
        trusted: public keys whose signatures are checked; others are named, not judged.
    """
    findings = []
    path = board.directory / BOARD_FILE
    content = path.read_bytes() if path.exists() else b""
    if not content:
        findings.append(f"{BOARD_FILE} is missing.")
    elif identity(content) != board.board_id:
        findings.append(f"{BOARD_FILE} was changed: its SHA-256 is not the board's id.")
    document = _parsed(content)
    if document is None and content:
        findings.append(f"{BOARD_FILE} cannot be read.")
    if document is not None:
        findings += _of_rows(board, document)
    findings += _of_statement(board, document)
    opened = None
    if (board.directory / ENVELOPE_FILE).exists():
        try:
            opened = open_envelope((board.directory / ENVELOPE_FILE).read_bytes(), trusted)
            findings += _of_envelope(board, opened)
        except IntegrityError as error:
            findings.append(f"{ENVELOPE_FILE}: {error}")
    return Checked(document, tuple(findings), opened)


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(content)
        width = len(document["columns"])
        is_whole = isinstance(document["subject"], dict) and set(KEY) <= set(document["columns"])
        is_whole = is_whole and all(len(row) == width for row in document["rows"])
    except (ValueError, KeyError, TypeError):
        return None
    return document if is_whole else None


def _of_rows(board: Board, document: dict[str, Any]) -> Iterator[str]:
    try:
        rows = board.rows()
        columns = ordered(rows).to_pydict()
    except (OSError, ValueError, KeyError) as error:
        yield f"{ROWS_FILE} cannot be read: {str(error).splitlines()[0]}"
        return
    stored = {
        name: [row[place] for row in document["rows"]]
        for place, name in enumerate(document["columns"])
    }
    if list(columns) != document["columns"]:
        yield f"{ROWS_FILE} was changed: its columns are not those of {BOARD_FILE}."
        return
    if rows.num_rows != len(document["rows"]):
        yield (
            f"{ROWS_FILE} was changed: it has {rows.num_rows:,} rows, "
            f"{BOARD_FILE} {len(document['rows']):,}."
        )
        return
    for place in range(rows.num_rows):
        for name in columns:
            if columns[name][place] != stored[name][place]:
                key = "/".join(str(stored[column][place]) for column in KEY)
                yield (
                    f"{ROWS_FILE} was changed: {name} of {key} is {columns[name][place]}, "
                    f"in {BOARD_FILE} {stored[name][place]}."
                )
                return


def _of_statement(board: Board, document: dict[str, Any] | None) -> Iterator[str]:
    path = board.directory / STATEMENT_FILE
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        is_known = said["_type"] == STATEMENT_TYPE and said["predicateType"] == PREDICATE_TYPE
        named = [one["digest"]["sha256"] for one in said["subject"]]
        subject = said["predicate"]["board"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"{STATEMENT_FILE} cannot be read: {error!r}."
        return
    if not is_known:
        yield f"{STATEMENT_FILE} is not a statement about a board."
    if named != [board.board_id]:
        yield f"{STATEMENT_FILE} is about another board."
    if document is not None and subject != document["subject"]:
        yield f"{STATEMENT_FILE} was changed: its inputs are not those in {BOARD_FILE}."


def _of_envelope(board: Board, opened: Opened) -> Iterator[str]:
    path = board.directory / STATEMENT_FILE
    if not path.exists() or opened.payload != path.read_bytes():
        yield f"{STATEMENT_FILE} is not the statement that was signed."
    for name in opened.broken:
        yield f"The signature of key {name[:16]} does not hold: {ENVELOPE_FILE} was changed."
