"""Which files hold the rows of commits 1 to N: segments, and the compacted files in their place.

And how rows are read from them: by queries, whole, or by position.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import rfc8785

from ingestion.errors import IntegrityError
from ingestion.log.chain import Chain, Commit, Compacted, Redactions, Segment
from ingestion.log.layout import Layout, read_schema
from ingestion.log.segments import hash_file, read_rows, readable
from ingestion.log.whole_files import require_whole, whole_segment
from ingestion.sql import quoted
from ingestion.tables import TIMESTAMP

Positions = npt.NDArray[np.int64]

POSITION_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("commit_seq", pa.int64(), nullable=False),
        pa.field("recorded_at", TIMESTAMP, nullable=False),
    ]
)
"""What the reader's views, and compacted files, have besides the contract's columns."""
FILES_PER_SCAN = 256
"""A list of first positions is copied per piece of a scan: short lists keep it free."""


@dataclass(frozen=True, kw_only=True)
class HeldFile:
    """One file of one event type.

    Args:
        named: the file as its commit names it; another stands in its place where rows are erased.
        sha256: of the file to read; its name.
        bytes: its length.
        commit_seq: the commit that names it.
        recorded_us: when that was; of a segment's rows too.
        is_redacted: rows are erased: only event_id and event_type are left of them.
    """

    named: Segment | Compacted
    sha256: str
    bytes: int
    commit_seq: int
    recorded_us: int
    is_redacted: bool

    @classmethod
    def of(cls, commit: Commit, named: Segment | Compacted, redactions: Redactions) -> HeldFile:
        """A file that a commit names, or the one in its place."""
        redacted = redactions.of(named.sha256)
        return cls(
            named=named,
            sha256=(redacted or named).sha256,
            bytes=(redacted or named).bytes,
            commit_seq=commit.seq,
            recorded_us=commit.recorded_us,
            is_redacted=redacted is not None,
        )

    @property
    def is_compacted(self) -> bool:
        """It holds its rows' positions, commits and times itself."""
        return isinstance(self.named, Compacted)


def held_files(commits: Iterable[Commit], redactions: Redactions) -> dict[str, list[HeldFile]]:
    """The files to read, in position order, per event type.

    Args:
        commits: 1 to N, in order.
        redactions: all there are, later ones too.

    Raises:
        IntegrityError: a commit compacts something other than whole files.
    """
    files: dict[str, list[HeldFile]] = {}
    for commit in commits:
        for segment in commit.segments:
            held = HeldFile.of(commit, segment, redactions)
            files.setdefault(segment.event_type, []).append(held)
        for compacted in commit.compacted:
            _replace(files.get(compacted.event_type, []), commit, compacted, redactions)
    return files


def _replace(
    held: list[HeldFile], commit: Commit, compacted: Compacted, redactions: Redactions
) -> None:
    first = attrgetter("named.first_position")
    start = bisect_left(held, compacted.first_position, key=first)
    end = bisect_left(held, compacted.last_position + 1, key=first)
    replaced = held[start:end]
    if (
        not replaced
        or replaced[0].named.first_position != compacted.first_position
        or replaced[-1].named.last_position != compacted.last_position
        or sum(file.named.rows for file in replaced) != compacted.rows
    ):
        message = (
            f"Commit {commit.seq} compacts {compacted.event_type} from position"
            f" {compacted.first_position} to {compacted.last_position}, which are not whole files."
        )
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")
    merged = HeldFile.of(commit, compacted, redactions)
    # Merged after the erasure, the file has the erased rows as its sources have them.
    is_redacted = merged.is_redacted or any(file.is_redacted for file in replaced)
    held[start:end] = [replace(merged, is_redacted=is_redacted)]


def compacted_schema(layout: Layout, file: HeldFile) -> bytes:
    """The text of the schema that compacted files have which this file can become a part of."""
    fields = read_schema(layout, file.named.schema)
    if not file.is_compacted:
        fields["columns"] += [
            {"name": field.name, "nullable": False, "type": str(field.type)}
            for field in POSITION_SCHEMA
        ]
    return rfc8785.dumps(fields)


def read_positioned(layout: Layout, file: HeldFile) -> pa.Table:
    """The rows of a file with the columns of POSITION_SCHEMA, none read before its hash is checked.

    Every column may be null here: in an erased row only event_id and event_type are not.

    Raises:
        IntegrityError: it is missing, or not what it was.
    """
    path = layout.segment(file.sha256)
    with readable(path) as parquet:
        if hash_file(path) != file.sha256:
            raise ValueError("it does not have its hash")
        table = parquet.read(use_threads=False)
        if table.num_rows != file.named.rows:
            raise ValueError(f"it has {table.num_rows} rows; its commit says {file.named.rows}")
    if not file.is_compacted:
        rows, first = file.named.rows, file.named.first_position
        seqs, times = np.full(rows, file.commit_seq), np.full(rows, file.recorded_us)
        values = (np.arange(first, first + rows, dtype=np.int64), seqs, times)
        for field, value in zip(POSITION_SCHEMA, values, strict=True):
            table = table.append_column(field.name, pa.array(value, pa.int64()).cast(field.type))
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))


def files_up_to(chain: Chain, seq: int) -> list[HeldFile]:
    """Files with every row of commits 1 to `seq`."""
    held = held_files(chain.commits(seq), chain.redactions)
    return [file for files in held.values() for file in files]


def require_whole_log(chain: Chain, seq: int) -> None:
    """Refuse a log whose files up to a commit are not what commits say.

    Raises:
        IntegrityError: names the first that is missing or has other content.
    """
    require_whole(chain.layout, (file.sha256 for file in files_up_to(chain, seq)))


def files_since(chain: Chain, seq: int, up_to: int) -> list[HeldFile]:
    """Files with the rows that the commits after `seq` added, up to another one."""
    if not seq:
        return files_up_to(chain, up_to)  # fewer where files were compacted
    commits = map(chain.commit, range(seq + 1, up_to + 1))
    redactions = chain.redactions
    return [HeldFile.of(commit, file, redactions) for commit in commits for file in commit.segments]


def alike(files: Iterable[HeldFile]) -> Iterator[Sequence[HeldFile]]:
    """Runs of files of one schema, all of them with erased rows or none, for a scan each."""
    for _, group in groupby(files, key=lambda file: (file.named.schema, file.is_redacted)):
        run = list(group)
        for start in range(0, len(run), FILES_PER_SCAN):
            yield run[start : start + FILES_PER_SCAN]


def scan(layout: Layout, files: Sequence[HeldFile], columns: str) -> str:
    """A query for some columns, and those of POSITION_SCHEMA, of files that are alike.

    Raises:
        IntegrityError: a file is missing or does not have its hash.
    """
    require_whole(layout, (file.sha256 for file in files))
    where_and_when = POSITION_SCHEMA.names
    if not files[0].is_compacted:
        where_and_when = [
            f"{_per_file(one.named.first_position for one in files)} + file_row_number AS position",
            f"{_per_file(file.commit_seq for file in files)} AS commit_seq",
            f"make_timestamptz({_per_file(file.recorded_us for file in files)}) AS recorded_at",
        ]
    paths = ", ".join(path_literal(layout.segment(file.sha256).resolve()) for file in files)
    return (
        f"SELECT {', '.join([columns, *where_and_when])}"
        f" FROM read_parquet([{paths}], hive_partitioning = false)"
    )


def _per_file(values: Iterable[int]) -> str:
    """The value that belongs to the file a row is from."""
    return f"(CAST([{', '.join(map(str, values))}] AS BIGINT[]))[CAST(file_index AS BIGINT) + 1]"


def rows_at(chain: Chain, positions: Positions) -> Iterator[tuple[Positions, pa.Table]]:
    """Rows at positions, one table per segment touched.

    Args:
        chain: of the log.
        positions: in any order.

    Yields:
        Indices into `positions`, and the rows there, beside each other.
    """
    order = np.argsort(positions, kind="stable")
    ordered = positions[order]
    start = 0
    while start < len(ordered):
        segment = segment_at(chain.at_position(int(ordered[start])), int(ordered[start]))
        end = int(np.searchsorted(ordered, segment.first_position + segment.rows))
        rows = ordered[start:end] - segment.first_position
        # The same row may be asked for twice: rows that hash alike.
        unique, inverse = np.unique(rows, return_inverse=True)
        table = read_rows(whole_segment(chain, segment.sha256), unique)
        yield order[start:end], table.take(pa.array(inverse)) if len(unique) < len(rows) else table
        start = end


def segment_at(commit: Commit, position: int) -> Segment:
    """The segment of a commit that holds a position."""
    return next(one for one in commit.segments if position <= one.last_position)


def path_literal(path: Path) -> str:
    """A path as SQL text that DuckDB does not take for a pattern."""
    escaped = re.sub(r"([\[*?])", r"[\1]", str(path))
    return quoted(escaped)
