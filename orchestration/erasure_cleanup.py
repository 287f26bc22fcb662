"""After an erasure: what was made of the log and still has in it what the log has not.

It is deleted, because it can be made again: the pipeline's database (a database keeps in its file
what is deleted from its tables) and what builds that died left behind. Kept boards and published
marts hold no participant, only sums over many.

What stays out: the erasure itself (ingestion/log/erasure.py), and files that were there before the
log: `landing/`, `quarantine/`, `loads/`, downloads.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from orchestration.raw_views import open_database

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.paths import Home


def require_idle(home: Home) -> None:
    """Refuse while the database is open: whoever has it open would go on reading it.

    Raises:
        BusyError: another process has it open.
    """
    if home.database.exists():
        open_database(home.database).close()


def delete_leftovers(home: Home) -> list[Path]:
    """Delete it; what was there."""
    found = [
        home.database,
        home.database.with_name(f"{home.database.name}.wal"),
        *sorted(home.cache.glob("build-*")),
    ]
    there = [path for path in found if path.exists()]
    for path in there:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return there
