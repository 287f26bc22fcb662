"""What dbt could not build or found wrong, in words: with the first rows that a test is about.

What stays out: running dbt (dbt_runs.py), and what only warns (dbt_warnings.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from orchestration.raw_views import open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dbt.artifacts.schemas.results import NodeResult

ROWS_SHOWN = 3
TEXT_SHOWN = 240


def in_words(failed: Sequence[NodeResult], database: Path) -> str:
    """A line for each model or test that failed, and below a test's the rows it found.

    Args:
        failed: dbt's results.
        database: which dbt worked in.

    Raises:
        BusyError: another process has the database open.
    """
    return "\n".join(
        "\n    ".join([_sentence(result), *_rows_found(result, database)]) for result in failed
    )


def _sentence(result: NodeResult) -> str:
    return f"  {result.node.resource_type} {result.node.name}: {(result.message or '').strip()}"


def _rows_found(result: NodeResult, database: Path) -> list[str]:
    query = getattr(result.node, "compiled_code", None)
    if not result.failures or not query:
        return []
    with open_database(database) as connection:
        try:
            found = connection.sql(query).limit(ROWS_SHOWN).to_arrow_table().to_pylist()
        except duckdb.Error:
            # What the test read may be gone again; its own message is there all the same.
            return []
    rows = [", ".join(f"{name} = {_shown(row[name])}" for name in row) for row in found]
    more = result.failures - len(rows)
    return [*rows, f"and {more:,} more"] if more > 0 else rows


def _shown(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}..."
