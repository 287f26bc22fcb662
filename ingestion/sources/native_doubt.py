"""A block of native lines that is not as it should be: each line to its event type or its refusal.

DuckDB first, one event type after another, for lines whose keys can be counted to be complete;
then Python, for the few that are left. One bad line costs one block a second reading, not more.

What stays out: blocks without anything strange (native_jsonl.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.sources.json_rows import JsonReader, inspect_line, keys_per_line
from ingestion.sources.line_blocks import LineBlock, Positions
from ingestion.vocabulary import EventType, Refusal

EVENT_TYPE = "event_type"


@dataclass(frozen=True)
class Part:
    """Rows of one event type.

    Args:
        indexes: which lines of the block, ascending.
        table: their values, one row per line.
        unknown: per row, a column the contract does not know, or None.
    """

    indexes: Positions
    table: pa.Table
    unknown: list[str | None]


@dataclass(frozen=True)
class Refused:
    """A line of which nothing can be said but why it is refused."""

    index: int
    refusal: Refusal
    column: str | None


def event_type_of(value: object) -> EventType | None:
    """The event type a value names, if it names one."""
    try:
        return EventType(value) if isinstance(value, str) else None
    except ValueError:
        return None


def values_per_row(table: pa.Table) -> Positions:
    """How many values of each row are not null."""
    counts = np.zeros(len(table), dtype=np.int64)
    for column in table.columns:
        counts += _flags(pc.is_valid(column))
    return counts


def sort_out(
    reader: JsonReader, block: LineBlock, expected: EventType
) -> tuple[dict[EventType, Part], list[Refused]]:
    """Bring every line of the block either into a part or among the refused."""
    kept: dict[EventType, list[Part]] = {}
    doubtful = _sort_by_count(reader, block, expected, kept)
    refused: list[Refused] = []
    again: dict[EventType, dict[int, str | None]] = {}
    for index in doubtful:
        finding = inspect_line(block.line(index))
        named = finding.content.get(EVENT_TYPE)
        event_type = event_type_of(named)
        if finding.refusal is not None:
            refused.append(Refused(index, finding.refusal, finding.column))
        elif event_type is None:
            is_missing = named is None or named == ""
            reason = Refusal.MISSING_VALUE if is_missing else Refusal.UNKNOWN_EVENT_TYPE
            refused.append(Refused(index, reason, EVENT_TYPE))
        else:
            known = CONTRACTS[event_type].native_columns
            values = finding.content.items()
            unknown = (key for key, value in values if key not in known and value is not None)
            again.setdefault(event_type, {})[index] = next(unknown, None)
    for event_type, rows in again.items():
        indexes = np.array(list(rows), dtype=np.int64)
        table = _parse(reader, block.select(indexes), event_type)
        # Python reads what DuckDB does not (half of a surrogate pair): such text cannot be stored.
        is_read = _flags(pc.is_valid(table[EVENT_TYPE]))
        refused += [Refused(int(i), Refusal.BROKEN_JSON, None) for i in indexes[~is_read]]
        read = indexes[is_read]
        part = Part(read, table.filter(pa.array(is_read)), [rows[int(i)] for i in read])
        kept.setdefault(event_type, []).append(part)
    refused.sort(key=lambda row: row.index)
    return {event_type: _join(parts) for event_type, parts in kept.items()}, refused


def _sort_by_count(
    reader: JsonReader, block: LineBlock, expected: EventType, kept: dict[EventType, list[Part]]
) -> list[int]:
    """Keep lines whose keys are all accounted for; the indexes of the others, ascending."""
    counts = keys_per_line(block)
    rest = np.arange(len(block), dtype=np.int64)
    doubtful: list[Positions] = []
    queue, tried = [expected], {expected}
    while queue and len(rest):
        event_type = queue.pop()
        table = _parse(reader, block.select(rest), event_type)
        names = table[EVENT_TYPE]
        is_mine = _flags(pc.fill_null(pc.equal(names, event_type.value), fill_value=False))
        is_good = is_mine & (values_per_row(table) == counts[rest])
        if is_good.any():
            good = rest[is_good]
            part = Part(good, table.filter(pa.array(is_good)), [None] * len(good))
            kept.setdefault(event_type, []).append(part)
        doubtful.append(rest[is_mine & ~is_good])
        rest = rest[~is_mine]
        for name in pc.unique(names).to_pylist():
            other = event_type_of(name)
            if other is not None and other not in tried:
                queue.append(other)
                tried.add(other)
    ordered: list[int] = np.sort(np.concatenate([*doubtful, rest])).tolist()
    return ordered


def _parse(reader: JsonReader, block: LineBlock, event_type: EventType) -> pa.Table:
    names = CONTRACTS[event_type].native_columns
    table = reader.objects(block.array(), names, tolerant=True)
    if table is None:  # no line can do that; if one does, Python names it
        return pa.table({name: pa.nulls(len(block), pa.string()) for name in names})
    return table


def _join(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    indexes = np.concatenate([part.indexes for part in parts])
    order = np.argsort(indexes, kind="stable")
    unknown = [name for part in parts for name in part.unknown]
    table = pa.concat_tables([part.table for part in parts]).take(pa.array(order))
    return Part(indexes[order], table, [unknown[position] for position in order])


def _flags(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = column.to_numpy(zero_copy_only=False)
    return flags
