"""A disk that is full while a warehouse is built, in one sentence.

DuckDB, dbt and pyarrow each say it in words of their own, some without the error's number.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from ingestion.errors import DemoscopeError
from ingestion.log.durable import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.paths import Home

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# DuckDB's own limit of what it spills.
SPILLED = "max_temp_directory_size"


@contextmanager
def full_disk_explained(home: Home) -> Iterator[None]:
    """Say of a build that found no room where it was, what is kept and what to do.

    Raises:
        StorageError: in place of whatever was raised for want of room.
    """
    try:
        yield
    except (OSError, DemoscopeError, duckdb.Error) as error:
        why = _want_of_room(error)
        if why is None:
            raise
        message = (
            f"Building in {home.root} found no room: {why}. The log is whole, and the release that "
            "was current still is."
        )
        remedy = "Free some space on that disk, then build again."
        raise StorageError(message, remedy=remedy) from error


def _want_of_room(error: BaseException | None) -> str | None:
    """What the operating system said, where an error comes of a full disk."""
    while error is not None:
        for code in FULL:
            if getattr(error, "errno", None) == code or os.strerror(code) in str(error):
                return os.strerror(code)
        if SPILLED in str(error):
            return "what DuckDB may spill is used up"
        error = error.__cause__ or error.__context__
    return None
