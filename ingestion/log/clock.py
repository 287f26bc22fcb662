"""Whether the clock can be right: a commit that is recorded too late would stop the log's time.

Times of recording rise along the chain, whatever the clock says. After a commit of a clock that was
a year ahead, every other one would be recorded microseconds after it, for a year. So a time more
than a day after everything that is known to have happened has to be confirmed.

Who loads an export each week has the traces of a week on the machine: files that were written in
the middle of the time that is said to have passed. A clock that jumped has none there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from ingestion.errors import UsageError
from ingestion.log.chain import moment_of

DAY_US = 86_400_000_000
CONFIRMED = "DEMOSCOPE_TODAY"
MOST_TRACES = 5_000


def require_plausible(now_us: int, last_us: int, beside: Iterable[Path]) -> None:
    """Refuse a clock that is more than a day ahead of all that is known, unless it is confirmed.

    Args:
        now_us: what it says, microseconds since 1970.
        last_us: when the last commit was recorded.
        beside: files that were changed since, if time has passed; they need not be there.

    Raises:
        UsageError: nothing shows that the time has passed, and nobody has confirmed the date.
    """
    if now_us - last_us <= DAY_US or _is_confirmed(now_us):
        return
    beside = list(beside)
    if any(changed >= now_us - DAY_US for changed in _changed(beside)):
        return
    quarter = (now_us - last_us) // 4
    middle = range(last_us + quarter, now_us - quarter)
    if any(changed in middle for changed in _changed(_traces(beside))):
        return
    now, last = moment_of(now_us), moment_of(last_us)
    message = (
        f"The clock says {now:%Y-%m-%d %H:%M} UTC, {(now - last).days} days after the last commit"
        f" ({last:%Y-%m-%d %H:%M}). If it is wrong, the log's times would be wrong for good."
    )
    remedy = f"Set the clock; or, if it is right, say so: {CONFIRMED}={now:%Y-%m-%d}"
    raise UsageError(message, remedy=remedy)


def places() -> list[Path]:
    """Directories of the machine in which files are written day by day."""
    found = [Path(tempfile.gettempdir()), Path("/var/log"), Path("/var/lib")]
    with suppress(RuntimeError):  # nobody's home
        found.append(Path.home())
    return found


def _traces(beside: Iterable[Path]) -> Iterable[Path]:
    """The files themselves, what lies beside them, and what the machine writes."""
    yield from beside
    for directory in {*(path.parent for path in beside), *places()}:
        with suppress(OSError), os.scandir(directory) as entries:
            yield from (Path(entry.path) for entry in islice(entries, MOST_TRACES))


def _is_confirmed(now_us: int) -> bool:
    """Whether somebody has said what day it is, so that a forgotten word confirms no other day."""
    try:
        said = date.fromisoformat(os.environ.get(CONFIRMED, ""))
    except ValueError:
        return False
    return abs(said - moment_of(now_us).date()) <= timedelta(days=1)


def _changed(paths: Iterable[Path]) -> Iterable[int]:
    for path in paths:
        with suppress(OSError, ValueError):
            yield path.stat().st_mtime_ns // 1000
