"""A board's identity: the SHA-256 of its canonical form.

Canonical form: RFC 8785 JSON of `{"schema_version", "subject", "rows"}`, rows sorted by key, every
number an integer. `subject` names what the board is a function of: log position and head hash, cut
in valid time, study design, estimators and parameters. It names neither time, machine nor code, so
the same log gives the same identity anywhere; what made it stands beside it (store.py).

What stays out: keeping boards (store.py) and rounding (rounding.py).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1
KEY = ("weighting", "stratum_id", "dimension", "estimator", "model_id")


def canonical(subject: dict[str, Any], rows: pa.Table) -> bytes:
    """The board's canonical bytes.

    Args:
        subject: what the board is a function of; integers, text, booleans and null only.
        rows: one row per KEY, integers, text and booleans only.
    """
    rows = ordered(rows)
    document = {
        "schema_version": SCHEMA_VERSION,
        "subject": subject,
        "columns": rows.column_names,
        "rows": [list(row) for row in zip(*rows.to_pydict().values(), strict=True)],
    }
    return rfc8785.dumps(document)


def ordered(rows: pa.Table) -> pa.Table:
    """Rows by key: the one order a board has."""
    return rows.sort_by([(name, "ascending") for name in KEY])


def identity(canonical_board: bytes) -> str:
    """The board's id: lower-case hexadecimal SHA-256."""
    return hashlib.sha256(canonical_board).hexdigest()
