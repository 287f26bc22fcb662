"""A writer's own directory under tmp/, and clearing up after writers that died.

A writer holds a lock on `<name>.lock` for as long as it lives; the kernel lets go of it when the
process dies, whatever way. So a lock that can be had belongs to nobody, and its directory can go.

All writers share `writers.lock`. Who has it alone knows that a file in segments/ that no commit
names will not be named by one either (sweep.py).

What stays out: what is put there (stream.py, append.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator

from ingestion.errors import BusyError
from ingestion.log.durable import explained
from ingestion.log.layout import Layout


class Workspace:
    """`path` is the caller's until `close()`."""

    def __init__(self, layout: Layout) -> None:
        with explained("Writing to", layout.tmp):
            layout.tmp.mkdir(parents=True, exist_ok=True)
            self._shared = _open_shared(layout)
            fcntl.flock(self._shared, fcntl.LOCK_SH)
            clear_abandoned(layout)
            while True:
                self.path = layout.tmp / f"batch-{secrets.token_hex(8)}"
                self._lock = self.path.with_suffix(".lock")
                self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
                # Before it was locked, somebody clearing up may have taken it for abandoned.
                if os.fstat(self._descriptor).st_nlink:
                    break
                os.close(self._descriptor)
            self.path.mkdir()

    def close(self) -> None:
        """Delete what is left in it."""
        if self._descriptor >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            # A lock that stays is nobody's, and goes with the next writer.
            with contextlib.suppress(OSError):
                self._lock.unlink(missing_ok=True)
            os.close(self._descriptor)
            os.close(self._shared)
            self._descriptor = -1


@contextlib.contextmanager
def no_writers(layout: Layout) -> Iterator[None]:
    """While nobody writes, and nobody begins to.

    Raises:
        BusyError: somebody does.
    """
    with explained("Writing to", layout.tmp):
        layout.tmp.mkdir(parents=True, exist_ok=True)
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


def _open_shared(layout: Layout) -> int:
    return os.open(layout.tmp / "writers.lock", os.O_RDWR | os.O_CREAT, 0o644)


def clear_abandoned(layout: Layout) -> None:
    """Delete what writers left that died."""
    for lock in layout.tmp.glob("batch-*.lock"):
        # Somebody else may be clearing up at the same time, or finishing.
        with contextlib.suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
            finally:
                os.close(descriptor)
