"""What every source yields: bounded batches of rows in native form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.sources.files import LocalFile, refusing
from ingestion.sources.time_forms import USUAL, Limits
from ingestion.vocabulary import EventType, Refusal

ROW_NUMBER = "row_number"
REFUSAL = "refusal"
REFUSAL_COLUMN = "refusal_column"
HASHED_BYTES = 16 << 20
"""A file is hashed in pieces of this size. After each piece the hashing waits for other threads."""

Positions = npt.NDArray[np.int64]
Originals = Callable[[Sequence[int]], list[str]]
# What a file has at the position of a row in a column of its own.
Written = Callable[[int, str], Any]
# More about why the time of a column in the row at a position cannot be read.
Remark = Callable[[int, str], str]
# Why a row is refused, and which column that is about.
Objection = tuple[Refusal, str | None]
# By position of the row.
Objections = dict[int, Objection]


@dataclass(frozen=True)
class Piece:
    """Adjoining rows as a file has them.

    Args:
        table: the columns asked for, in the order in which they were asked for.
        numbers: row numbers in the file, from 1.
        originals: the verbatim content of the rows at the given positions of `table`.
        objections: what the reader has against some of the rows.
    """

    table: pa.Table
    numbers: Positions
    originals: Originals
    objections: Objections = field(default_factory=dict)


@dataclass(frozen=True)
class NativeBatch:
    """Rows of one event type, in file order, as the source wrote them.

    Args:
        event_type: which contract the rows claim to follow; None where they name no known one.
        table: native columns of the contract (any subset; text, or typed where the file is typed),
            plus `row_number` (int64, 1 for the file's first row of data; for line-based files the
            line number), `refusal` (text, null where the source has no objection, else a value of
            `Refusal`) and `refusal_column` (text, which column the objection is about).
        originals: the verbatim content of the rows at the given positions of `table`.
        limits: between which instants its events may lie.
        taken_from: the file's columns that a column of the contract is made of, where a mapping
            says so.
        written: what the file has there, which a mapping may read as nothing.
        time_remark: why a time of the file cannot be read.
    """

    event_type: EventType | None
    table: pa.Table
    originals: Originals
    limits: Limits = USUAL
    taken_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: Written = lambda _place, _name: None
    time_remark: Remark = lambda _place, _column: ""


class Source(Protocol):
    """A file, or anything like one, that can be read once from the beginning."""

    @property
    def name(self) -> str:
        """What messages call it: the file's path as the user wrote it."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the content and the mapping: the same load, the same fingerprint."""

    @property
    def set_aside_count(self) -> int:
        """Records read so far that are no events of any kind, such as later turns in PRISM."""

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know of the rows read so far."""
        ...

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the rows in batches of bounded memory. Raises DemoscopeError, never a traceback."""


class FileSource:
    """What sources that read one local file share.

    Args:
        file: where it lies.
        source: the source's name; in native files, of rows that do not say theirs.
        mapping: what says how it is read, as part of the load's fingerprint.

    `participants_of` is the source whose ids the participants' are; None: each row's own.
    `aliases` is the path of a file of aliases that goes with every load; None: there is none.
    """

    def __init__(self, file: LocalFile, source: str | None = None, mapping: str = "native") -> None:
        self.file = file
        self.name = file.name
        self.source = source
        self.set_aside_count = 0
        self.participants_of: str | None = None
        self.aliases: str | None = None
        self._mapping_text = mapping

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know of the rows read so far; nothing, unless a reader says."""
        return ()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file's bytes, the mapping and the source's name."""
        digest, buffer = hashlib.sha256(), memoryview(bytearray(HASHED_BYTES))
        with refusing(self.name, None), self.file.path.open("rb", buffering=0) as raw:
            while count := raw.readinto(buffer):
                digest.update(buffer[:count])
        content = digest.hexdigest()
        parts = {"content": content, "mapping": self._mapping_text, "source": self.source}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def make_batch(
    event_type: EventType | None,
    columns: Mapping[str, Any],
    numbers: Sequence[int] | Positions,
    originals: Originals,
    objections: Objections | None = None,
) -> NativeBatch:
    """A batch of `columns`, with row numbers and what the source has against the rows."""
    refusals: list[str | None] = [None] * len(numbers)
    about = refusals.copy()
    for row, (refusal, column) in (objections or {}).items():
        refusals[row], about[row] = refusal, column
    own = {
        ROW_NUMBER: pa.array(numbers, pa.int64()),
        REFUSAL: pa.array(refusals, pa.string()),
        REFUSAL_COLUMN: pa.array(about, pa.string()),
    }
    return NativeBatch(event_type, pa.table({**columns, **own}), originals)


def at(texts: Sequence[str], places: Sequence[int]) -> list[str]:
    """The originals of a batch whose rows are few enough to be kept."""
    return [texts[place] for place in places]


def batch_of_rows(
    event_type: EventType,
    source: str,
    rows: Sequence[Mapping[str, str | None]],
    numbers: Sequence[int],
    originals: Originals,
    objections: Objections | None = None,
) -> NativeBatch:
    """A batch of rows that name their columns; a column that a row leaves out is null."""
    said = [{"event_type": event_type.value, "source": source, **row} for row in rows]
    names = dict.fromkeys(name for row in said for name in row)
    columns = {name: pa.array([row.get(name) for row in said], pa.string()) for name in names}
    return make_batch(event_type, columns, numbers, originals, objections)
