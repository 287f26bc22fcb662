"""What lies in `landing/`, and by which mapping it is to be read.

    landing/votes.jsonl             a native event file
    landing/llmfao/votes.csv        read by the mapping `llmfao`
    landing/mine/mapping.yml        a mapping of your own, for every file beside and below it
    landing/mine/2026/votes.csv
    landing/mine/aliases.csv        names that mean one model, wherever it lies

A file is left alone while it is being written: until it has not changed between two ticks of the
sensor, and as long as its name ends in one of UNFINISHED or begins with a dot.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ingestion.sources.minisign import SUFFIX
from ingestion.visible_text import visible

UNFINISHED = {".part", ".partial", ".tmp", ".crdownload"}
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
        if is_data and not is_hidden and path.is_file():
            found.append(LandedFile(visible(name.as_posix()), path, _mapping_of(name, landing)))
    return found


def _mapping_of(name: Path, landing: Path) -> str | None:
    """The mapping file nearest above, else the first folder's name, else none."""
    if name.name in ALIAS_FILES:
        return None
    for folder in list(name.parents)[:-1]:
        for file in MAPPING_FILES:
            if (landing / folder / file).is_file():
                return str(landing / folder / file)
    return name.parts[0] if len(name.parts) > 1 else None
