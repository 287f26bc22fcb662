"""Rows refused after the gate had accepted them, as quarantine keeps them.

What stays out: when that happens (loading.py), and what the gate refuses itself (expectations).
"""

from __future__ import annotations

import json
from typing import Any

from expectations.gate import RefusedRow
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import EventType, Refusal


def erased_row(event_type: EventType, row_number: int) -> RefusedRow:
    """A participant was erased: that there was a row is kept, what it said is not."""
    return RefusedRow(str(event_type), row_number, Refusal.ERASED_PARTICIPANT, "participant_id", "")


def conflicting_row(event_type: EventType, row: dict[str, Any]) -> RefusedRow:
    """The same id with another body: the first keeps its place, the second is set apart."""
    row_number = row.pop(ROW_NUMBER)
    original = json.dumps(row, default=str, ensure_ascii=False)
    return RefusedRow(
        str(event_type), row_number, Refusal.CONFLICTING_DUPLICATE, "native_id", original
    )
