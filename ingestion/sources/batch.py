"""What every source yields: bounded batches of rows in native form.

What stays out: reading (one file per source beside this one) and judging (expectations/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from ingestion.vocabulary import EventType

ROW_NUMBER = "row_number"
REFUSAL = "refusal"
REFUSAL_COLUMN = "refusal_column"


@dataclass(frozen=True)
class NativeBatch:
    """Rows of one event type, in file order, as the source wrote them.

    Args:
        event_type: which contract the rows claim to follow; None where they name no known one.
        table: native columns of the contract (any subset; text, plain or dictionary-encoded, or
            typed where the file is typed), plus `row_number` (int64, 1 for the file's first row of
            data; for line-based files the line number), `refusal` (text, null where the source has
            no objection, else a value of `Refusal`) and `refusal_column` (text, which column the
            objection is about).
        originals: the verbatim content of the rows at the given positions of `table`.
    """

    event_type: EventType | None
    table: pa.Table
    originals: Callable[[Sequence[int]], list[str]]


class Source(Protocol):
    """A file, or anything like one, that can be read once from the beginning."""

    @property
    def name(self) -> str:
        """What messages call it: the file's path as the user wrote it."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the content and the mapping: the same load, the same fingerprint."""
        ...

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the rows in batches of bounded memory. Raises DemoscopeError, never a traceback."""
        ...
