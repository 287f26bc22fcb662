"""A writer's own directory below `tmp/`, and clearing up after writers that died.

A writer holds a lock on `<name>.lock` as long as it lives; the kernel releases it when the process
dies, however it dies. So a lock that can be taken belongs to nobody, and its directory can go.

All writers share `writers.lock`. A process that holds it alone knows that nobody is about to commit
the files in `segments/` that no commit names, and may destroy them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from ingestion.errors import BusyError
from ingestion.log.chain import Chain
from ingestion.log.durable import destroy, explained
from ingestion.log.layout import Layout

WRITERS = "writers.lock"


class Workspace:
    """`path` is the caller's until `close()`."""

    def __init__(self, layout: Layout) -> None:
        with explained("Writing to", layout.tmp):
            self._shared = _open_shared(layout)
            fcntl.flock(self._shared, fcntl.LOCK_SH)
            _clear_abandoned(layout)
            while True:
                self.path = layout.tmp / f"batch-{secrets.token_hex(8)}"
                self._lock = self.path.with_suffix(".lock")
                self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
                # Until it was locked, a process that clears up could take it for abandoned.
                if os.fstat(self._descriptor).st_nlink:
                    break
                os.close(self._descriptor)
            self.path.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete what is left in it."""
        if self._descriptor >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            # A lock file that stays belongs to nobody; the next writer deletes it.
            with contextlib.suppress(OSError):
                self._lock.unlink(missing_ok=True)
            os.close(self._descriptor)
            os.close(self._shared)
            self._descriptor = -1


def sweep(chain: Chain) -> int:
    """Destroy the files in `segments/` that are not in the log: they may hold erased rows.

    They are files that others replace since an erasure, and files of writers that died between
    publishing them and their commit.

    Returns:
        How many files that was.

    Raises:
        BusyError: somebody writes, who may be about to name a file in a commit.
        StorageError: the disk refused, or the object store.
    """
    if chain.layout.store is not None:
        from ingestion.log.shared import sweep_store

        sweep_store(chain, chain.layout.store)
    superseded = [chain.layout.segment(sha256) for sha256 in chain.redactions.superseded]
    left = [path for path in superseded if path.exists()]
    for path in left:
        destroy(path)
    with no_writers(chain.layout):
        chain.read_on()
        _clear_abandoned(chain.layout)
        commits = chain.commits()
        named = {chain.segment_path(file.sha256) for commit in commits for file in commit.files}
        files = {path for path in chain.layout.segments.rglob("*") if path.is_file()}
        strays = sorted(files - named)
        for path in strays:
            destroy(path)
    return len(left) + len(strays)


@contextlib.contextmanager
def no_writers(layout: Layout) -> Iterator[None]:
    """While nobody on this machine writes, and nobody begins to.

    Raises:
        BusyError: somebody writes.
    """
    with explained("Writing to", layout.tmp):
        descriptor = _open_shared(layout)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{layout.root} is being written to."
            raise BusyError(message, remedy="Wait for it to end, then try again.") from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def without_writers(layout: Layout) -> Iterator[list[Path]]:
    """What is left in `tmp/`, while nobody writes to the log.

    Raises:
        BusyError: somebody writes.
    """
    if not left_in_tmp(layout):
        yield []
        return
    with no_writers(layout):
        yield left_in_tmp(layout)


def left_in_tmp(layout: Layout) -> list[Path]:
    """Everything in `tmp/` but the writers' common lock."""
    if not layout.tmp.is_dir():
        return []
    return sorted(path for path in layout.tmp.iterdir() if path.name != WRITERS)


def _open_shared(layout: Layout) -> int:
    layout.tmp.mkdir(parents=True, exist_ok=True)
    return os.open(layout.tmp / WRITERS, os.O_RDWR | os.O_CREAT, 0o644)


def _clear_abandoned(layout: Layout) -> None:
    """Delete what writers left that died."""
    for lock in layout.tmp.glob("batch-*.lock"):
        # Another process may be clearing up at the same time, or finishing.
        with contextlib.suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
            finally:
                os.close(descriptor)
