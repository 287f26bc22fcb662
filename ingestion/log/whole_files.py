"""Files of the log are read only after their content was compared with the hash they are named by.

A file is hashed once per process, and again when anything about it has changed since.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingestion.errors import DamagedError
from ingestion.log.chain import Chain
from ingestion.log.layout import Layout
from ingestion.log.segments import hash_file

_THREADS = os.cpu_count() or 1
_State = tuple[int, ...]
_whole: dict[Path, _State] = {}


def require_whole(layout: Layout, hashes: Iterable[str]) -> None:
    """Refuse files that are not what commits say they are.

    Args:
        layout: of the log.
        hashes: SHA-256 of each file, by which a commit names it.

    Raises:
        IntegrityError: names the first that is missing or has other content.
    """
    named = ((layout.segment(sha256), sha256) for sha256 in hashes)
    unknown = [(path, sha256) for path, sha256 in named if _whole.get(path) != _state(path)]
    if len(unknown) == 1:
        _check(*unknown[0])
    elif unknown:
        with ThreadPoolExecutor(_THREADS) as workers:
            list(workers.map(_check, *zip(*unknown, strict=True)))


def whole_segment(chain: Chain, sha256: str) -> Path:
    """Where the rows of a file that a commit names are, after its content was checked.

    Raises:
        IntegrityError: it is missing or has other content.
    """
    path = chain.segment_path(sha256)
    require_whole(chain.layout, [path.stem])
    return path


def _check(path: Path, sha256: str) -> None:
    before = _state(path)
    try:
        found = hash_file(path)
    except OSError as error:
        raise DamagedError(f"The segment {path} cannot be read: {error.strerror}.") from error
    if found != sha256:
        message = f"The segment {path} is damaged: its content does not have the hash it is named"
        raise DamagedError(f"{message} after.")
    _whole[path] = before


def _state(path: Path) -> _State:
    """What changes when a file is written or replaced; the time of the last change cannot be set.

    Raises:
        IntegrityError: it is missing.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise DamagedError(f"The segment {path} is missing: {error.strerror}.") from error
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
