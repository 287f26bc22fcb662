"""What killed commands left behind, which may hold what an erasure should have taken.

In the folders that only the program writes, what may stay is listed; all else goes, while nobody
loads or erases. A command that is alive holds a lock: of the vault, of the log's writers, or of its
own working directory. What lies elsewhere is its owner's and is only named (`unknown`).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import BusyError, DemoscopeError
from ingestion.log import EventLog, erasure_journal
from ingestion.log.durable import destroy
from ingestion.log.layout import Layout
from ingestion.log.vault_binding import KEYS
from ingestion.log.workspace import left_in_tmp, without_writers
from ingestion.subjects.links import LOCK, vault_lock
from orchestration.load_report import (
    PENDING,
    LoadReport,
    accepted_in,
    earlier_report,
    read_report,
)
from orchestration.vault_backup import NAMES, TRIAL
from publishing.page.replacing import cut_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.log.chain import Commit
    from ingestion.paths import Home

WORKING = ("build-", "events-")
"""How working directories in `cache/` begin."""
_HALF_KEY = re.compile(rf"({'|'.join(map(re.escape, KEYS))})\.[0-9a-f]{{16}}")
_HALF_JOURNAL = re.compile(rf"\.{erasure_journal.BEGINNING}.*{erasure_journal.UNFINISHED}")


@contextmanager
def working_directory(home: Home, beginning: str) -> Iterator[Path]:
    """A directory in `cache/` that is gone afterwards; locked, so that nobody takes it for dead.

    For a home that is read-only it is in the system's directory for temporary files.
    """
    place = home.cache if home.is_writable else None
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=beginning, dir=place))
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(descriptor)


def clear_leftovers(home: Home) -> list[Path]:
    """Delete what killed commands left, unless a load or an erasure is at work.

    Returns:
        What was there.
    """
    if not any(True for _ in _left(home)):
        return []
    try:
        with vault_lock(home.vault, is_exclusive=True):
            return clear(home)
    except BusyError:
        return []


def clear(home: Home) -> list[Path]:
    """The same for the caller who has the vault alone."""
    _finish_reports(home)
    gone = [path for path in _left(home) if _is_gone(home, path)]
    with suppress(BusyError), without_writers(Layout(home.log)) as left:
        for path in left:
            _remove(path)
            gone.append(path)
    return gone


def _finish_reports(home: Home) -> None:
    """Make the reports that loads owe which were killed after their commit; from what they foresaw.

    For the caller who has the vault alone. Without them `fct_load` has fewer rows than the log.
    """
    for path in sorted(home.loads.glob(f".*{PENDING}")):
        # Half written, or of a log that is damaged: the report can be made by loading again.
        with suppress(DemoscopeError):
            pending = read_report(path)
            commit = EventLog.open(home.log).find_batch(pending.batch_id)
            names = (pending.load_id.partition("-")[2],)
            if commit is not None and not earlier_report(home.loads, pending.batch_id, names):
                _as_committed(pending, commit).keep(home.loads)


def _as_committed(pending: LoadReport, commit: Commit) -> LoadReport:
    """What was foreseen, with the counts of what the commit has."""
    accepted = accepted_in(commit)
    count = sum(accepted.values())
    warnings = ["The load was killed after its commit; its report was made by a later command."]
    if late := pending.accepted_count - count:
        warnings.append(
            f"Of its rows, {late:,} were in the log by another load meanwhile, some perhaps with "
            "other content under the same id: delete this record and ingest the file again to see."
        )
    return replace(
        pending,
        accepted_count=count,
        accepted_by_event_type=accepted,
        duplicate_count=pending.duplicate_count + late,
        position=commit.seq,
        warnings=warnings,
    )


def left_dead(home: Home) -> list[Path]:
    """What killed commands left, for who only looks; of what a running command uses, nothing."""
    tmp = home.log / "tmp"
    found = [
        path
        for path in _left(home)
        if path.parent != tmp
        and not (path.parent == home.cache and path.is_dir() and not _is_dead(path))
    ]
    with suppress(BusyError), without_writers(Layout(home.log)) as in_tmp:
        found += in_tmp
    return found


def _left(home: Home) -> Iterator[Path]:
    """What may not stay in the program's own folders; some of it may be in use."""
    for path in _within(home.vault):
        is_half = _HALF_KEY.fullmatch(path.name) or _HALF_JOURNAL.fullmatch(path.name)
        if is_half or path.name == TRIAL:
            yield path
    for folder, ending in ((home.quarantine, ".parquet"), (home.loads, ".json")):
        for path in _within(folder):
            if path.suffix != ending or path.name.startswith("."):
                yield path
    for path in _within(home.cache):
        if path.name.startswith((*WORKING, ".")) or path.suffix == ".partial":
            yield path
    spilled = home.database.with_name(f"{home.database.name}.tmp")
    if spilled.exists():
        yield spilled
    yield from left_in_tmp(Layout(home.log))


def _is_gone(home: Home, path: Path) -> bool:
    """Whether something that was left is dead and was deleted."""
    if path.parent == home.log / "tmp":
        return False  # the log's own lock says
    if path.parent == home.cache and path.is_dir() and not _is_dead(path):
        return False
    if path.parent == home.root:
        from orchestration.database import require_idle

        try:
            require_idle(home)
        except BusyError:
            return False
    _remove(path)
    return True


def _is_dead(directory: Path) -> bool:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(path: Path) -> None:
    """Delete for good what may hold a key or a person's content; a link itself, not its target."""
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files = [one for one in path.rglob("*") if not one.is_dir()]
    for one in files:
        if one.is_file() and not one.is_symlink():
            destroy(one)
        else:
            one.unlink(missing_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)


def unknown(home: Home) -> list[Path]:
    """What lies in the warehouse and is neither the program's nor where its owner's things go."""
    known = home.names
    if (old_page := cut_off(home.site)) is not None:
        known.add(old_page.name)
    found = [path for path in _within(home.root) if path.name not in known]
    of_vault = {*NAMES, LOCK, TRIAL}
    for path in _within(home.vault):
        is_journal = path.name.startswith(erasure_journal.BEGINNING)
        if path.name not in of_vault and not is_journal and not _HALF_KEY.fullmatch(path.name):
            found.append(path)
    log = Layout(home.log)
    own = {log.format, log.schemas, log.segments, log.commits, log.tmp, log.address}
    return found + [path for path in _within(home.log) if path not in own]


def _within(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
