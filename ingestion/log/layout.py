"""Where things lie inside `log/`: the only file that knows.

What stays out: what the files contain (record.py, origin.py, segments.py) and where `log/` itself
lies (ingestion/paths.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SEQ_DIGITS = 20


@dataclass(frozen=True)
class Layout:
    """Paths of one log."""

    root: Path

    @property
    def format(self) -> Path:
        """Origin and version; written once."""
        return self.root / "FORMAT"

    @property
    def schemas(self) -> Path:
        """Schemas by the hash of their text."""
        return self.root / "schemas"

    @property
    def segments(self) -> Path:
        """Parquet files by the hash of their bytes, in 256 directories."""
        return self.root / "segments"

    @property
    def commits(self) -> Path:
        """The chain."""
        return self.root / "commits"

    @property
    def tmp(self) -> Path:
        """Work in progress; nothing here is in the log."""
        return self.root / "tmp"

    def schema(self, sha256: str) -> Path:
        """The file of a schema."""
        return self.schemas / f"{sha256}.json"

    def segment(self, sha256: str) -> Path:
        """The file of a segment."""
        return self.segments / sha256[:2] / f"{sha256}.parquet"

    def commit(self, seq: int) -> Path:
        """The file of a commit, which need not exist."""
        return self.commits / f"{seq:0{SEQ_DIGITS}d}.json"
