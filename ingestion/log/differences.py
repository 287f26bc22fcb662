"""In which columns two bodies of one event differ, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.log.receipt import Conflict

NOT_COMPARED = {"event_id", "schema_version"}


def conflicts_of(
    contract: Contract, rows: list[int], mine: pa.Table, known: pa.Table, positions: list[int]
) -> list[Conflict]:
    """What differs, row by row of two tables beside each other.

    Args:
        contract: of `mine`.
        rows: their numbers in the staged table.
        mine: staged rows.
        known: rows of the same ids.
        positions: of the known rows in the log; empty where they are of the same batch.
    """
    places: list[int | None] = list(positions) or [None] * len(rows)
    pairs = zip(rows, places, mine.to_pylist(), known.to_pylist(), strict=True)
    return [_conflict(contract, *pair) for pair in pairs]


def _conflict(
    contract: Contract, row: int, position: int | None, new: dict[str, Any], old: dict[str, Any]
) -> Conflict:
    if new["event_type"] != old["event_type"]:
        text = f"event_type is {new['event_type']} here and {old['event_type']} there"
        return Conflict(row, position, text)
    names = [column.name for column in contract.log_columns if column.name not in NOT_COMPARED]
    pairs = {name: (new[name], old.get(name)) for name in names if new[name] != old.get(name)}
    return Conflict(row, position, in_words(contract, pairs), old["event_id"], pairs)


def in_words(contract: Contract, pairs: Mapping[str, tuple[Any, Any]]) -> str:
    """One part for each column: what the file says, and what is known."""
    parts = []
    for column in contract.log_columns:
        if column.name not in pairs:
            continue
        here, there = pairs[column.name]
        if column.is_pseudonym or column.is_sealed:
            parts.append(f"{column.source_name} is another one")
        else:
            parts.append(f"{column.source_name} is {_shown(here)} here and {_shown(there)} there")
    return "; ".join(parts)


def _shown(value: object) -> str:
    return "empty" if value is None else str(value)
