"""What a contract of a rating table says: grain and columns.

What stays out: the contracts (contract.py, contract_ahead.py).
"""

from __future__ import annotations

from typing import NamedTuple


class RatingColumn(NamedTuple):
    """One column: name, SQL type, meaning."""

    name: str
    type: str
    description: str


class RatingTable(NamedTuple):
    """One table: grain and columns."""

    grain: str
    columns: tuple[RatingColumn, ...]
