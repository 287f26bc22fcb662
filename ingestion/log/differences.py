"""In which columns two bodies of one event differ, in words."""

from __future__ import annotations

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
    pairs = zip(mine.to_pylist(), known.to_pylist(), strict=True)
    texts = [_difference(contract, new, old) for new, old in pairs]
    return [Conflict(*one) for one in zip(rows, places, texts, strict=True)]


def _difference(contract: Contract, new: dict[str, Any], old: dict[str, Any]) -> str:
    """One part for each column: what the file says, and what is known."""
    if new["event_type"] != old["event_type"]:
        return f"event_type is {new['event_type']} here and {old['event_type']} there"
    parts = []
    for column in contract.log_columns:
        here, there = new[column.name], old.get(column.name)
        if column.name in NOT_COMPARED or here == there:
            continue
        if column.is_pseudonym or column.is_sealed:
            parts.append(f"{column.source_name} is another one")
        else:
            parts.append(f"{column.source_name} is {_shown(here)} here and {_shown(there)} there")
    return "; ".join(parts)


def _shown(value: object) -> str:
    return "empty" if value is None else str(value)
