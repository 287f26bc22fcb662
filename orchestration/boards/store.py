"""Boards on disk: `boards/<board_id>/`, written once, and `boards/current`.

    board.json        the canonical form; its SHA-256 is the directory's name
    leaderboard.parquet   the same rows, for reading quickly
    made_by.json      what made it: code version, lock hash; not part of its identity

What stays out: what a board is (identity.py) and publishing marts (publishing, issue F).
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from ingestion.errors import NotFoundError
from orchestration.boards.identity import canonical, identity

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

CURRENT = "current"
BOARD_FILE = "board.json"
ROWS_FILE = "leaderboard.parquet"
SUBJECT_FILE = "subject.json"
MADE_BY_FILE = "made_by.json"


@dataclass(frozen=True)
class Board:
    """A board that is kept: its id, its directory, and what it is a function of."""

    board_id: str
    directory: Path
    subject: dict[str, Any]

    def rows(self) -> pa.Table:
        """Its rows, in micro-units."""
        return pq.read_table(self.directory / ROWS_FILE)


def keep(boards: Path, subject: dict[str, Any], rows: pa.Table, made_by: dict[str, Any]) -> Board:
    """Keep a board under its id. A board that is there already is left as it is."""
    content = canonical(subject, rows)
    board_id = identity(content)
    directory = boards / board_id
    if not directory.exists():
        temporary = boards / f".{board_id[:12]}.{secrets.token_hex(4)}"
        temporary.mkdir(parents=True)
        (temporary / BOARD_FILE).write_bytes(content)
        pq.write_table(rows, temporary / ROWS_FILE, compression="zstd")
        _write_json(temporary / SUBJECT_FILE, subject)
        _write_json(temporary / MADE_BY_FILE, made_by)
        try:
            temporary.rename(directory)
        except OSError:
            shutil.rmtree(temporary)
            if not directory.exists():
                raise
    return Board(board_id, directory, subject)


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
    if not link.exists():
        message = "There is no leaderboard yet."
        raise NotFoundError(message, remedy="Ingest something, then run: demoscope build")
    return _open(link.resolve())


def find(boards: Path, **wanted: Any) -> Board | None:
    """The kept board whose subject has these values, if there is one."""
    for directory in sorted(boards.glob("[0-9a-f]*")):
        board = _open(directory)
        if all(board.subject.get(name) == value for name, value in wanted.items()):
            return board
    return None


def _open(directory: Path) -> Board:
    subject = json.loads((directory / SUBJECT_FILE).read_text(encoding="utf-8"))
    return Board(directory.name, directory, subject)


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
