"""Boards on disk: `boards/<board_id>/`, written once, and `boards/current`.

    board.json            the canonical form; its SHA-256 is the directory's name
    leaderboard.parquet   the same rows, for reading quickly
    statement.json        what it was made from, and by what (statement.py)
    statement.dsse.json   the statement signed, where a key is configured (signing.py)

What stays out: what a board is (identity.py), whether one is whole (checking.py) and publishing.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from publishing.boards.signing import Signer

CURRENT = "current"
BOARD_FILE = "board.json"
ROWS_FILE = "leaderboard.parquet"
STATEMENT_FILE = "statement.json"
ENVELOPE_FILE = "statement.dsse.json"
_ID = re.compile("[0-9a-f]{64}")
_PREFIX = re.compile("[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Board:
    """A board that is kept: its id and its directory."""

    board_id: str
    directory: Path

    @cached_property
    def predicate(self) -> dict[str, Any]:
        """What its statement says: `board`, `log`, `made_by`, `made_at`.

        Raises:
            IntegrityError: the statement cannot be read.
        """
        path = self.directory / STATEMENT_FILE
        try:
            predicate: dict[str, Any] = json.loads(path.read_bytes())["predicate"]
            predicate["board"]["log_position"]  # what every caller needs
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is damaged: {error!r}."
            raise IntegrityError(message, remedy="Run: demoscope boards show") from error
        return predicate

    @property
    def subject(self) -> dict[str, Any]:
        """What it is a function of."""
        subject: dict[str, Any] = self.predicate["board"]
        return subject

    def rows(self) -> pa.Table:
        """Its rows, in micro-units."""
        return read_rows(self.directory / ROWS_FILE)


def read_rows(path: Path) -> pa.Table:
    """A board's rows. Without pyarrow.dataset, whose import costs more than reading."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        rows: pa.Table = file.read()
    return rows


def keep(
    boards: Path,
    subject: dict[str, Any],
    rows: pa.Table,
    provenance: dict[str, Any],
    signer: Signer | None = None,
) -> Board:
    """Keep a board under its id. A board that is there already is left as it is.

    An unsigned statement gives way to a signed one; files that are missing are put back.

    Raises:
        IntegrityError: it is there already, but was changed since.
    """
    from publishing.boards.identity import canonical, identity, ordered
    from publishing.boards.statement import statement

    rows = ordered(rows)
    content = canonical(subject, rows)
    board_id = identity(content)
    board = Board(board_id, boards / board_id)
    said = statement(board_id, subject, provenance)
    if not board.directory.exists():
        temporary = boards / f".{board_id[:12]}.{secrets.token_hex(4)}"
        temporary.mkdir(parents=True)
        _write(temporary, content, rows, said, signer)
        try:
            temporary.rename(board.directory)
        except OSError:
            shutil.rmtree(temporary)
            if not board.directory.exists():
                raise
    _refuse_changed(board, content, rows)
    _write(board.directory, content, rows, said, signer)
    return board


def _refuse_changed(board: Board, content: bytes, rows: pa.Table) -> None:
    path = board.directory / BOARD_FILE
    table = board.directory / ROWS_FILE
    if path.exists() and path.read_bytes() != content:
        changed = path
    elif table.exists() and not _holds(table, rows):
        changed = table
    else:
        return
    message = f"{changed} was changed since it was written."
    raise IntegrityError(message, remedy=f"Move {board.directory} away and build again.")


def _holds(path: Path, rows: pa.Table) -> bool:
    try:
        return bool(read_rows(path).equals(rows))
    except (OSError, ValueError):
        return False


def _write(
    directory: Path, content: bytes, rows: pa.Table, said: bytes, signer: Signer | None
) -> None:
    """Write what is missing, each file in one step."""
    import pyarrow.parquet as pq

    if not (directory / BOARD_FILE).exists():
        _replace(directory / BOARD_FILE, content)
    if not (directory / ROWS_FILE).exists():
        temporary = directory / f".{secrets.token_hex(4)}"
        pq.write_table(rows, temporary, compression="zstd")
        temporary.replace(directory / ROWS_FILE)
    is_unsigned = signer is not None and not (directory / ENVELOPE_FILE).exists()
    if is_unsigned or not (directory / STATEMENT_FILE).exists():
        _replace(directory / STATEMENT_FILE, said)
        (directory / ENVELOPE_FILE).unlink(missing_ok=True)
        if signer is not None:
            _replace(directory / ENVELOPE_FILE, signer.envelope(said))


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{secrets.token_hex(4)}")
    temporary.write_bytes(content)
    temporary.replace(path)


def make_current(boards: Path, board: Board) -> None:
    """Point `current` at a board, in one step."""
    temporary = boards / f".current.{secrets.token_hex(4)}"
    temporary.symlink_to(board.board_id)
    temporary.replace(boards / CURRENT)


def current(boards: Path) -> Board:
    """The board readers see.

    Raises:
        NotFoundError: nothing has been built yet.
    """
    link = boards / CURRENT
    if not (link / STATEMENT_FILE).exists():
        message = "There is no leaderboard yet."
        raise NotFoundError(message, remedy="Ingest something, then run: demoscope build")
    directory = link.resolve()
    return Board(directory.name, directory)


def kept(boards: Path) -> Iterator[Board]:
    """Every board, by id."""
    for directory in sorted(boards.glob("[0-9a-f]*")):
        if _ID.fullmatch(directory.name) and (directory / STATEMENT_FILE).exists():
            yield Board(directory.name, directory)


def is_id(text: str) -> bool:
    """Whether a text may be a board's id or the beginning of one."""
    return _PREFIX.fullmatch(text) is not None


def by_id(boards: Path, text: str) -> Board:
    """The board whose id begins so; `current` for the one readers see.

    Raises:
        UsageError: it is not of the form of an id, or several begin so.
        NotFoundError: none does.
    """
    if text == CURRENT:
        return current(boards)
    if not is_id(text):
        message = f"{text!r} is not a board's id."
        raise UsageError(message, remedy="Give 8 or more of its hexadecimal digits.")
    found = [
        directory
        for directory in sorted(boards.glob(f"{text}*"))
        if _ID.fullmatch(directory.name) and directory.is_dir()
    ]
    if not found:
        message = f"No board {text} is kept."
        raise NotFoundError(message, remedy="`demoscope boards list` names those that are.")
    if len(found) > 1:
        names = ", ".join(directory.name[:16] for directory in found)
        raise UsageError(f"Several boards begin with {text}: {names}.", remedy="Give more digits.")
    return Board(found[0].name, found[0])


def find(boards: Path, wanted: Mapping[str, Any]) -> Board | None:
    """The kept board whose subject has these values, if there is one."""
    for board in kept(boards):
        if all(board.subject.get(name) == value for name, value in wanted.items()):
            return board
    return None
