"""What lies in `landing/`, and by which mapping it is to be read.

    landing/votes.jsonl             a native event file
    landing/llmfao/votes.csv        read by the mapping `llmfao`
    landing/mine/mapping.yml        a mapping of your own, for every file beside and below it
    landing/mine/2026/votes.csv
    landing/mine/aliases.csv        names that mean one model, wherever it lies

A file is left alone while it is being written: until it has not changed between two ticks of the
sensor, and as long as its name ends in one of UNFINISHED or begins with a dot. To write here
gives no right to read elsewhere: links that lead out and special files are left alone.
"""

import hashlib
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import UsageError
from ingestion.sources.mapping import load_mapping, mapping_names
from ingestion.sources.minisign import SUFFIX
from ingestion.visible_text import visible

UNFINISHED = {".part", ".partial", ".tmp", ".crdownload"}
SETTLING_SECONDS = 1.0
MAPPING_FILES = ("mapping.yml", "mapping.yaml")
ALIAS_FILES = ("aliases.csv", "aliases.yml", "aliases.yaml")


@dataclass(frozen=True)
class LandedFile:
    """One file to be loaded.

    Args:
        name: its path below `landing/`, with slashes, nothing hidden in it.
        path: where it is.
        mapping: as `demoscope ingest --mapping` takes it; None for a native file.
    """

    name: str
    path: Path
    mapping: str | None

    @property
    def state(self) -> list[int]:
        """Sizes and modification times: what changes while the file is being written."""
        found = [path.stat() for path in self._parts]
        return [number for status in found for number in (status.st_size, status.st_mtime_ns)]

    @property
    def byte_count(self) -> int:
        """How much `fingerprint` will read."""
        return sum(path.stat().st_size for path in self._parts)

    def fingerprint(self) -> str:
        """SHA-256 over the file, and over its mapping where that lies beside it."""
        digest = hashlib.sha256()
        for path in self._parts:
            with path.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()

    @property
    def _parts(self) -> list[Path]:
        own = self.mapping if self.mapping and self.mapping.endswith(MAPPING_FILES) else None
        return [self.path, *([Path(own)] if own else [])]


def landed_files(landing: Path) -> list[LandedFile]:
    """Every file that is to be loaded, by name."""
    found = []
    for path in sorted(landing.rglob("*")):
        name = path.relative_to(landing)
        is_hidden = any(part.startswith(".") for part in name.parts)
        is_data = path.suffix not in {*UNFINISHED, SUFFIX} and path.name not in MAPPING_FILES
        if is_data and not is_hidden and _lies_within(landing, path):
            found.append(LandedFile(visible(name.as_posix()), path, _mapping_of(name, landing)))
    return found


def settled(files: Iterable[LandedFile]) -> list[LandedFile]:
    """Those that do not grow while we wait SETTLING_SECONDS, by name."""
    before = [(file, _state_of(file)) for file in files]
    if before:
        time.sleep(SETTLING_SECONDS)
    return [file for file, state in before if state is not None and _state_of(file) == state]


def require_landed(landing: Path, path: str, mapping: str | None) -> None:
    """Refuse what would have a file read that is not in `landing/`.

    Args:
        landing: the directory.
        path: what is to be loaded.
        mapping: as `demoscope ingest --mapping` takes it.

    Raises:
        UsageError: the file, its mapping or the aliases that the mapping names lie elsewhere.
        DemoscopeError: the mapping cannot be read.
    """
    needed = [path]
    if mapping is not None and mapping not in mapping_names():
        needed.append(mapping)
    for one in needed:
        _require_within(landing, one)
    if len(needed) > 1 and (aliases := load_mapping(needed[1]).aliases) is not None:
        _require_within(landing, aliases)


def _require_within(landing: Path, path: str) -> None:
    if not _lies_within(landing, Path(path)):
        raise UsageError(
            f"{visible(path)}: is no regular file below {landing}, and only those are loaded here.",
            remedy="Copy it there, or load it yourself: demoscope ingest FILE",
        )


def _state_of(file: LandedFile) -> list[int] | None:
    try:
        return file.state
    except FileNotFoundError:
        return None


def _lies_within(landing: Path, path: Path) -> bool:
    """Whether it is a regular file of `landing/`, wherever links on the way lead."""
    try:
        real = path.resolve(strict=True)
        is_file = stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError, ValueError):  # gone, a circle of links, or no path at all
        return False
    return is_file and real.is_relative_to(landing.resolve())


def _mapping_of(name: Path, landing: Path) -> str | None:
    """The mapping file nearest above, else the first folder's name, else none."""
    if name.name in ALIAS_FILES:
        return None
    for folder in list(name.parents)[:-1]:
        for file in MAPPING_FILES:
            if _lies_within(landing, landing / folder / file):
                return str(landing / folder / file)
    return name.parts[0] if len(name.parts) > 1 else None
