"""Rows of the log by position, and the files that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log.chain import Chain, Commit, Segment
from ingestion.log.held_files import held_files
from ingestion.log.segments import read_rows

Files = Iterator[tuple[Path, int | None]]
"""Files of the log, and the position of the first row of each; None where a file has positions."""


def rows_at(
    chain: Chain, positions: npt.NDArray[np.int64]
) -> Iterator[tuple[npt.NDArray[np.int64], pa.Table]]:
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
        table = read_rows(chain.segment_path(segment.sha256), unique)
        yield order[start:end], table.take(pa.array(inverse)) if len(unique) < len(rows) else table
        start = end


def segment_at(commit: Commit, position: int) -> Segment:
    """The segment of a commit that holds a position."""
    for segment in commit.segments:
        if position < segment.first_position + segment.rows:
            return segment
    message = f"commit {commit.seq} does not hold position {position}"
    raise AssertionError(message)


def files_up_to(chain: Chain, seq: int) -> Files:
    """Files with every row of commits 1 to `seq`."""
    for files in held_files(chain.commits(seq), chain.redactions).values():
        for file in files:
            first = None if file.is_compacted else file.named.first_position
            yield chain.segment_path(file.sha256), first


def files_since(chain: Chain, seq: int, up_to: int) -> Files:
    """Files with the rows that the commits after `seq` added, up to another one."""
    for number in range(seq + 1, up_to + 1):
        for segment in chain.commit(number).segments:
            yield chain.segment_path(segment.sha256), segment.first_position
