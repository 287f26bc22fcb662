"""One site in the place of another: killed at any step, one of the two is there or is put back.

site                  what readers open
.site.<hex>           the new one, while it is written
.site.<hex>.old       the old one, between the two renames and until it is deleted
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A directory that is not a site is never replaced.
MARK = ".demoscope-site"
OLD = ".old"


@contextmanager
def new_site(out: Path) -> Iterator[Path]:
    """A directory to write a site in, which then takes the place of the one before.

    What killed commands left is put back or deleted first. Others who replace a site beside wait.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        _put_back(out)
        _clear(out)
        work = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
        work.mkdir()
        try:
            yield work
            (work / MARK).touch()
            _replace(work, out)
        finally:
            _clear(out)


def put_back(out: Path) -> None:
    """Put the old site back where a command was killed between the two renames."""
    if cut_off(out) is not None:
        with _alone(out):
            _put_back(out)


def cut_off(out: Path) -> Path | None:
    """The old site where there is none in its place; None where nothing has to be put back."""
    if os.path.lexists(out):
        return None
    old = [path for path in _left(out) if path.name.endswith(OLD) and (path / MARK).exists()]
    return max(old, key=lambda path: path.stat().st_ctime_ns, default=None)


def _put_back(out: Path) -> None:
    if (old := cut_off(out)) is not None:
        old.rename(out)


def _replace(work: Path, out: Path) -> None:
    old = work.with_name(f"{work.name}{OLD}")
    if out.exists():
        out.rename(old)
    try:
        work.rename(out)
    except OSError:
        _put_back(out)
        raise


def _clear(out: Path) -> None:
    """Delete what killed commands left, unless it has to be put back."""
    needed = cut_off(out)
    for path in _left(out):
        if path != needed:
            # First the mark: what is half deleted must not be put back.
            (path / MARK).unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)


def _left(out: Path) -> list[Path]:
    name = re.compile(rf"\.{re.escape(out.name)}\.[0-9a-f]{{8}}(?:{re.escape(OLD)})?")
    if not out.parent.is_dir():
        return []
    return [path for path in out.parent.iterdir() if name.fullmatch(path.name) and path.is_dir()]


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    descriptor = os.open(out.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
