"""Publications on disk: `marts/<release_id>/`, never changed once there, and `marts/current`.

    demoscope.duckdb      every public mart
    <mart>.parquet        the same, one file per mart
    <mart>.csv
    manifest.json         what it is of, and the hashes of all this

The same release with other tables, because newer code made them, stands beside as `<release_id>-2`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError, IntegrityError, NotFoundError
from ingestion.json_object import parse_object
from ingestion.log.durable import fsync_directory, fsync_file
from ingestion.paths import make_public, make_way
from publishing.boards.store import require_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

CURRENT = "current"
MANIFEST_FILE = "manifest.json"
_NAME = re.compile(r"([0-9a-f]{64})(?:-(\d+))?")
_UNFINISHED, _GOING = ".unfinished-", ".going-"
_LOCK = ".lock"


@dataclass(frozen=True)
class Publication:
    """A publication: its directory, named by its release."""

    directory: Path

    @property
    def name(self) -> str:
        """The release's id, and a number where it was published with other tables before."""
        return self.directory.name

    @property
    def release_id(self) -> str:
        """The release's id."""
        return self.name.partition("-")[0]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What it says of itself.

        Raises:
            IntegrityError: it cannot be read.
        """
        path = self.directory / MANIFEST_FILE
        try:
            manifest = parse_object(path.read_bytes())
            manifest["log_position"], manifest["tables"]  # what every caller needs
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is damaged: {error!r}."
            remedy = f"Remove {self.directory}, publish again."
            raise IntegrityError(message, remedy=remedy) from error
        return manifest

    @property
    def number(self) -> int:
        """1, and more where the release was published with other tables before."""
        found = _NAME.fullmatch(self.name)
        return int(found[2] or 1) if found else 0

    @property
    def order(self) -> tuple[int, str, int]:
        """By log position; of one release by number. One that cannot be read comes first."""
        try:
            position = int(self.manifest["log_position"])
        except (IntegrityError, ValueError, TypeError):
            position = 0
        return position, self.release_id, self.number


def is_name(text: str) -> bool:
    """Whether a publication may be called so."""
    return _NAME.fullmatch(text) is not None


def published(marts: Path) -> list[Publication]:
    """Every publication, oldest log position first; those that are not whole among them."""
    found = [
        Publication(path)
        for path in marts.glob("[0-9a-f]*")
        if _NAME.fullmatch(path.name) and (path / MANIFEST_FILE).exists()
    ]
    return sorted(found, key=lambda publication: publication.order)


def current(marts: Path) -> Publication:
    """The publication readers see.

    Raises:
        NotFoundError: nothing was published yet.
        IntegrityError: as of `require_link`.
    """
    link = marts / CURRENT
    require_link(link, "demoscope publish")
    if not (link / MANIFEST_FILE).exists():
        raise NotFoundError("Nothing is published yet.", remedy="Run: demoscope publish")
    return Publication(link.resolve())


@contextmanager
def alone(marts: Path) -> Iterator[None]:
    """One publisher at a time; what a crashed one left behind is removed.

    Raises:
        BusyError: another is at work.
    """
    make_way(marts.parent)
    marts.mkdir(exist_ok=True)
    make_public(marts)
    with (marts / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another process is publishing to {marts}."
            raise BusyError(message, remedy="Wait for it to end.") from error
        for leftover in (*marts.glob(f"{_UNFINISHED}*"), *marts.glob(f"{_GOING}*")):
            _remove(leftover)
        yield


@contextmanager
def unfinished(marts: Path) -> Iterator[Path]:
    """A directory to write a publication in; gone afterwards unless it was kept."""
    directory = marts / f"{_UNFINISHED}{secrets.token_hex(4)}"
    directory.mkdir()
    try:
        yield directory
    finally:
        if directory.exists():
            _remove(directory)


def of_release(marts: Path, release_id: str) -> list[Publication]:
    """The publications of one release, by number; those that cannot be read among them."""
    found = [Publication(path) for path in marts.glob(f"{release_id}*") if is_name(path.name)]
    return sorted(found, key=lambda publication: publication.number)


def keep(
    marts: Path,
    directory: Path,
    manifest: dict[str, Any],
    changed: Iterable[Publication] = (),
    note: Callable[[str, str], None] = lambda _name, _manifest_sha256: None,
) -> Publication:
    """Keep a finished directory under its release's id, read-only and durable.

    One with the same rows that is there already is left as it is, and returned; those that were
    `changed` since they were published are not looked at. `note` is told the name and the
    manifest's SHA-256 just before: what is there was noted, wherever this is cut off.
    """
    release_id = manifest["release_id"]
    names = {publication.name for publication in changed}
    there = of_release(marts, release_id)
    for kept in there:
        if kept.name not in names and _content(kept.manifest) == _content(manifest):
            return kept
    number = 1 + max((publication.number for publication in there), default=0)
    target = marts / (release_id if number == 1 else f"{release_id}-{number}")
    content = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (directory / MANIFEST_FILE).write_bytes(content.encode())
    for path in directory.iterdir():
        path.chmod(0o444)
        fsync_file(path)
    fsync_directory(directory)
    directory.chmod(0o555)
    note(target.name, hashlib.sha256(content.encode()).hexdigest())
    directory.rename(target)
    fsync_directory(marts)
    return Publication(target)


def make_current(marts: Path, publication: Publication) -> None:
    """Point `current` at a publication, in one step. Raises as `require_link`."""
    require_link(marts / CURRENT, "demoscope publish")
    temporary = marts / f"{_UNFINISHED}{secrets.token_hex(4)}"
    temporary.symlink_to(publication.name)
    temporary.replace(marts / CURRENT)
    fsync_directory(marts)


def remove_old(marts: Path, kept_count: int) -> list[str]:
    """Remove all but the last publications by log position; never `current`.

    A reader that has a file open goes on reading it: only its name is gone.

    Returns:
        The names of those removed.

    Raises:
        BusyError: a publisher is at work.
    """
    with alone(marts):
        shown = current(marts).name
        old = [one for one in published(marts)[:-kept_count] if one.name != shown]
        remove(marts, old)
    return [publication.name for publication in old]


def remove(marts: Path, publications: Iterable[Publication]) -> None:
    """Remove publications; `alone` must hold."""
    for publication in publications:
        going = marts / f"{_GOING}{secrets.token_hex(4)}"
        publication.directory.rename(going)
        _remove(going)


def _content(manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What readers would find different."""
    return [
        (table["name"], table["description"], table["columns"], table["rows_sha256"])
        for table in manifest["tables"]
    ]


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink(missing_ok=True)
        return
    if not path.is_dir():
        path.unlink()
        return
    path.chmod(0o755)
    shutil.rmtree(path)
