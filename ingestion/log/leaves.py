"""The leaf of one event: what it says, committed to under a salt. The definition, in plain Python.

- *payload*: RFC 8785 JSON of the event's columns without `event_id` and `event_type`, null where
  a column is null. 64-bit integers, doubles and times are text.
- *commitment*: SHA-256(salt || payload), the salt being 16 secret bytes.
- *leaf*: SHA-256(0x00 || commitment || event_id), a leaf of RFC 6962.

So an event can be shown whole, or by id and type alone, or be erased and keep its place; its type
is that of the segment, in the commit. `leaf_hashes.py` makes the same leaves of many rows.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import rfc8785

from ingestion.log.merkle import leaf_hash

ENVELOPE = ("event_id", "event_type")
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


def plain_number(value: float) -> str:
    """As RFC 8785 writes a double; `NaN`, `Infinity` or `-Infinity` where JSON has none."""
    if math.isfinite(value):
        return rfc8785.dumps(value).decode()
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def plain_time(us: int) -> str:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ`; outside years 0 to 9999 the microseconds since 1970."""
    return f"{np.datetime64(us, 'us')}Z" if FIRST_TIME <= us < AFTER_LAST_TIME else str(us)


def events_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as JSON has them."""
    columns = []
    for name in table.column_names:
        column = table[name]
        written: Callable[[Any], str] | None = None
        if pa.types.is_timestamp(column.type):
            column, written = column.cast(pa.int64()), plain_time
        elif pa.types.is_int64(column.type):
            written = str
        elif pa.types.is_floating(column.type):
            written = plain_number
        values = column.to_pylist()
        if written is not None:
            values = [None if value is None else written(value) for value in values]
        columns.append(values)
    for row in zip(*columns, strict=True):
        yield dict(zip(table.column_names, row, strict=True))


def payload_of(event: Mapping[str, Any]) -> bytes:
    """The payload of an event."""
    return canonical({name: event[name] for name in event if name not in ENVELOPE})


def commitment_of(salt: bytes, payload: bytes) -> bytes:
    """Binds to the payload, and tells nothing about it without the salt."""
    return hashlib.sha256(salt + payload).digest()


def leaf_of(event_id: str, commitment: bytes) -> bytes:
    """The leaf's hash."""
    return leaf_hash(commitment + event_id.encode())
