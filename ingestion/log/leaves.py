"""The leaf of one event: what it says, committed to under a salt. The definition, in plain Python.

- *payload*: RFC 8785 JSON of the event's columns that are not null, without `event_id` and
  `event_type`. A column that a schema does not have yet is a null like any other, so a leaf
  outlives the schema it was written under.
- *commitment*: SHA-256(salt || payload), the salt being 16 secret bytes.
- *leaf*: RFC 6962's SHA-256(0x00 || commitment || JSON of `event_id` and `event_type`).

So an event can be shown whole, or by id and type alone, or be erased and keep its place.

What stays out: the same for a million rows (messages.py), where salts are from (salts.py).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import rfc8785

from ingestion.log.merkle import leaf_hash

ENVELOPE = ("event_id", "event_type")
MOST_EXACT = 2**53 - 1
"""RFC 8785 numbers are doubles: larger integers are written as text."""
FIRST_TIME = int(np.datetime64("0000-01-01", "us").astype(np.int64))
AFTER_LAST_TIME = int(np.datetime64("10000-01-01", "us").astype(np.int64))


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(fields: Mapping[str, Any]) -> bytes:
    """RFC 8785 JSON of a flat object whose names are ASCII.

    Only numbers with a fraction are written otherwise by the standard library, which is five times
    as fast.
    """
    if any(isinstance(value, float) for value in fields.values()):
        return rfc8785.dumps(dict(fields))
    return _encode(fields).encode()


def plain(value: Any) -> Any:
    """A value as the payload's JSON has it; times come as microseconds (plain_time)."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and abs(value) > MOST_EXACT:
        return str(value)
    return value


def plain_time(us: int) -> str:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ`; outside years 0 to 9999 the microseconds since 1970."""
    return f"{np.datetime64(us, 'us')}Z" if FIRST_TIME <= us < AFTER_LAST_TIME else str(us)


def events_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as JSON has them: what is null is left out."""
    columns = []
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            values = column.cast(pa.int64()).to_pylist()
            columns.append([None if value is None else plain_time(value) for value in values])
        else:
            columns.append([plain(value) for value in column.to_pylist()])
    for row in zip(*columns, strict=True):
        pairs = zip(table.column_names, row, strict=True)
        yield {name: value for name, value in pairs if value is not None}


def payload_of(event: Mapping[str, Any]) -> bytes:
    """The payload of an event."""
    return canonical({name: event[name] for name in event if name not in ENVELOPE})


def commitment_of(salt: bytes, payload: bytes) -> bytes:
    """Binds to the payload, and tells nothing about it to whoever does not have the salt."""
    return hashlib.sha256(salt + payload).digest()


def leaf_of(event_id: str, event_type: str, commitment: bytes) -> bytes:
    """The leaf's hash."""
    shown = canonical({"event_id": event_id, "event_type": event_type})
    return leaf_hash(commitment + shown)
