"""A load without its commit: what a file would bring, and nothing written.

The load runs as always, but in a copy of the warehouse that is thrown away: the log's commits and
segments are read where they lie, and the vault's keys are copied, so that ids are the real ones.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.log.layout import Layout
from ingestion.paths import Home
from ingestion.sources.registry import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_ROWS = 3
_NO_VAULT = (
    "there is no vault here yet, so no row can be a duplicate of the log; a real load makes one."
)


@contextmanager
def throwaway_home(home: Home) -> Iterator[Home]:
    """A home that reads the log of another and writes nothing to it, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="demoscope-") as root:
        other = Home(Path(root))
        if home.vault.is_dir():
            shutil.copytree(home.vault, other.vault)
        mine, theirs = Layout(home.log), Layout(other.log)
        if mine.format.exists():
            theirs.root.mkdir()
            shutil.copy(mine.format, theirs.format)
            # A load that does not commit makes new files below schemas and tmp only.
            shutil.copytree(mine.schemas, theirs.schemas)
            theirs.tmp.mkdir()
            theirs.segments.symlink_to(mine.segments.resolve(), target_is_directory=True)
            theirs.commits.symlink_to(mine.commits.resolve(), target_is_directory=True)
        yield other


def notes_of(home: Home) -> list[str]:
    """What cannot be known of a load without writing."""
    return [] if home.vault.is_dir() else [_NO_VAULT]


def first_rows(path: str, mapping: str | None, source_name: str | None) -> list[dict[str, object]]:
    """The first rows that a reader understands, under the contract's names, without nulls."""
    rows: list[dict[str, object]] = []
    for batch in open_source(path, mapping=mapping, source=source_name).batches():
        first = batch.table.slice(0, SHOWN_ROWS - len(rows)).to_pylist()
        rows += [{key: value for key, value in row.items() if value is not None} for row in first]
        if len(rows) >= SHOWN_ROWS:
            break
    return rows
