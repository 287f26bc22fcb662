"""The step between two dbt runs: from counts in the database to ratings as Parquet.

One file per kind of board; what each reads is in inputs.py, what all write is in tables.py.

What stays out: the numerics (ratings), which see neither a database nor a file.
"""

from __future__ import annotations

from ratings.tables.every_board import RATING, rate_all
from ratings.tables.tables import RATING_FILE, read_subject, write_ratings

__all__ = ["RATING", "RATING_FILE", "rate_all", "read_subject", "write_ratings"]
