"""Keeping every refused row: reason, source file, row number and original content.

One Parquet file per load, named by the load, written beside its final name and renamed: a crash
leaves no half file, and loading the same file again replaces it with the same rows. Rows here may
name persons: the directory is readable by its owner alone, and nothing of it enters the log but
how many rows there are and a salted hash over them (accounts.py).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.accounts import sealed
from ingestion.contracts import count, named
from ingestion.paths import make_private
from ingestion.tables import Table
from ingestion.visible_text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from expectations.gate import RefusedRow

TABLE = Table(
    name="quarantined_row",
    grain="One row per row of a file that was refused.",
    columns=(
        named("load_id", "The load."),
        named("source_file", "The file."),
        count("row_number", "The row in the file, from 1."),
        named("event_type", "Its event type, where it names a known one.", is_required=False),
        named("reason", "Why it was refused."),
        named("refused_column", "The column the refusal is about.", is_required=False),
        named("original", "The row as the file has it.", is_required=False),
        named("detail", "More about why it was refused.", is_required=False),
        named("salt", "Hides its content in the hash; null once erased.", is_required=False),
        named("content_hash", "SHA-256 of salt and content; stays when the content is erased."),
    ),
)
EXAMPLES_KEPT = 5
OTHER_KINDS_KEPT = 5


class Quarantine:
    """The refused rows of one load, written as they come.

    Args:
        directory: where to.
        load_id: the load.
        source_file: the file that they are of.
        is_kept: whether they are written at all; they are counted in any case.
    """

    def __init__(
        self, directory: Path, *, load_id: str, source_file: str, is_kept: bool = True
    ) -> None:
        self._is_kept = is_kept
        self._path = directory / f"{load_id}.parquet"
        self._temporary = directory / f".{load_id}.partial"
        self._load_id = load_id
        self._source_file = source_file
        self._writer: pq.ParquetWriter | None = None
        self.reasons: Counter[str] = Counter()
        self.examples: list[RefusedRow] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._is_kept:
            self._temporary.unlink(missing_ok=True)

    @property
    def count(self) -> int:
        """Rows refused so far."""
        return self.reasons.total()

    def add(self, refused: Iterable[RefusedRow]) -> None:
        """Write refused rows to the load's file."""
        rows = list(refused)
        if not rows:
            return
        self.reasons.update(row.reason for row in rows)
        self._keep_examples(rows)
        if not self._is_kept:
            return
        if self._writer is None:
            make_private(self._temporary.parent)
            self._temporary.touch(mode=0o600)
            self._writer = pq.ParquetWriter(self._temporary, TABLE.schema, compression="zstd")
        same = {"load_id": self._load_id, "source_file": self._source_file}
        written = [
            sealed(
                {
                    **same,
                    **vars(row),
                    "refused_column": (row.column and storable(row.column)) or None,
                    "detail": storable(row.detail) or None,
                    "original": storable(row.original),
                }
            )
            for row in rows
        ]
        self._writer.write_table(pa.Table.from_pylist(written, schema=TABLE.schema))

    def _keep_examples(self, rows: list[RefusedRow]) -> None:
        """The first rows, and after them the first of some reasons and columns not shown yet."""
        first = max(EXAMPLES_KEPT - len(self.examples), 0)
        self.examples.extend(rows[:first])
        kinds = {(row.reason, row.column) for row in self.examples}
        for row in rows[first:]:
            if len(self.examples) >= EXAMPLES_KEPT + OTHER_KINDS_KEPT:
                return
            if (row.reason, row.column) not in kinds:
                kinds.add((row.reason, row.column))
                self.examples.append(row)

    def keep(self) -> Path | None:
        """Give the file its final name. Returns None where nothing was refused."""
        if self._writer is None:
            return None
        self._writer.close()
        self._writer = None
        self._temporary.rename(self._path)
        return self._path
