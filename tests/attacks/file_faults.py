"""Faults put into the operations on files of this process, by an audit hook of Python's.

The product has no hook for it. Files that a library writes by itself are not seen.
"""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHANGES = {"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}
NEEDS_SPACE = {"os.link", "os.mkdir", "os.rename", "os.symlink"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class KilledError(BaseException):
    """Nothing in the program handles it, and from then on it can change no file."""


class _Fault:
    def __init__(self, number: int, *, is_kill: bool) -> None:
        self.number = number
        self.is_kill = is_kill
        self.seen = 0

    def meet(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_written = event == "open" and arguments[2] & WRITING
        if not is_written and event not in (CHANGES if self.is_kill else NEEDS_SPACE):
            return
        is_there = event == "os.mkdir" and Path(arguments[0]).is_dir()  # refused for that alone
        if is_there or "__pycache__" in str(arguments[0]):
            return
        self.seen += 1
        if self.seen < self.number:
            return
        if self.is_kill:
            raise KilledError
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_current: list[_Fault] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for fault in _current:
        fault.meet(event, arguments)


@contextmanager
def _faulty(fault: _Fault) -> Iterator[_Fault]:
    if not getattr(sys, "_file_faults", False):
        sys.addaudithook(_hook)
        sys._file_faults = True  # type: ignore[attr-defined] # a hook cannot be removed
    _current.append(fault)
    try:
        yield fault
    finally:
        _current.remove(fault)


@contextmanager
def killed_before(number: int) -> Iterator[_Fault]:
    """Killed before the n-th change of a file; `seen` says how many changes there were."""
    with _faulty(_Fault(number, is_kill=True)) as fault:
        yield fault


@contextmanager
def full_disk_at(number: int) -> Iterator[_Fault]:
    """What needs space is refused from the n-th time on; `seen` says how often space was needed."""
    with _faulty(_Fault(number, is_kill=False)) as fault:
        yield fault


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """A real disk of 256 MB at a new directory, so that what libraries write can be refused."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        yield directory
    finally:
        # DuckDB may still have a file of it open in this process.
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def leave_room(disk: Path, kilobytes: int) -> Path:
    """Fill a disk but for so much; the file that does."""
    status = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(status.f_frsize * status.f_bavail - (kilobytes << 10)))
    return filler
