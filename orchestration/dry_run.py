"""A load without its commit: what a file would bring, and nothing written.

Keys are read where they lie and stay in memory; where a vault has none, fresh ones do that nobody
keeps. The log's commits and segments are read through links from a directory that is thrown away:
rows are staged there in the form in which the log has them. Refused rows are counted and not kept.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.log import EventLog
from ingestion.log.layout import Layout
from ingestion.log.shared import attached
from ingestion.sources.batch import REFUSAL
from ingestion.sources.bounds import DEFAULT, Bounds
from ingestion.sources.registry import open_source
from ingestion.subjects.links import LOCK, vault_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.paths import Home

SHOWN_ROWS = 3
NO_VAULT = (
    "There is no vault here yet, so no row can be a duplicate of the log; a real load makes one."
)


@contextmanager
def reading(home: Home) -> Iterator[EventLog]:
    """The log of a home, or a new one; batches of it can be staged, and must not be committed.

    Raises:
        BusyError: an erasure is at work.
    """
    is_locked = (home.vault / LOCK).exists()
    lock = vault_lock(home.vault, is_exclusive=False) if is_locked else nullcontext()
    with lock, tempfile.TemporaryDirectory(prefix="demoscope-") as root:
        log = Path(root, "log")
        mine, theirs = Layout(home.log), Layout(log)
        if attached(home.log).store is not None:
            EventLog.open(home.log)  # brings the copy up to date
        if mine.format.exists():
            log.mkdir()
            theirs.tmp.mkdir()
            for path in (mine.format, mine.schemas, mine.segments, mine.commits):
                (log / path.name).symlink_to(path.resolve())
        yield EventLog.open(log)


def first_rows(
    path: str,
    mapping: str | None,
    source_name: str | None,
    bounds: Bounds = DEFAULT,
    cache: Path | None = None,
) -> list[dict[str, object]]:
    """The first rows that a reader understands, under the contract's names, without nulls."""
    rows: list[dict[str, object]] = []
    source = open_source(path, mapping=mapping, source=source_name, bounds=bounds, cache=cache)
    for batch in source.batches():
        understood = batch.table.filter(batch.table[REFUSAL].is_null())
        first = understood.slice(0, SHOWN_ROWS - len(rows)).to_pylist()
        rows += [{key: value for key, value in row.items() if value is not None} for row in first]
        if len(rows) >= SHOWN_ROWS:
            break
    return rows
