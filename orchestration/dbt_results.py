"""What dbt's results say: what did not build or is wrong, with its first rows, and what only warns.

A test that warns says so itself, in the comment above its SQL: `Warns: what is amiss. What to do.`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from orchestration.raw_views import open_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from dbt.artifacts.schemas.results import NodeResult

ROWS_SHOWN = 3
TEXT_SHOWN = 240
SAYS = re.compile(r"\{#-?\s*Warns:\s*(.*?)\s*-?#\}", re.DOTALL)


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


@dataclass(frozen=True)
class DbtWarning:
    """A test that found rows and lets the build go on.

    Args:
        test: its name.
        row_count: rows its SQL selects.
        words: what is amiss, and what to do.
    """

    test: str
    row_count: int
    words: str

    def __str__(self) -> str:
        rows = "1 row" if self.row_count == 1 else f"{self.row_count:,} rows"
        return f"{self.test}, {rows}: {self.words}"


def warnings_in(results: Iterable[NodeResult]) -> list[DbtWarning]:
    """The warnings among dbt's results, by name."""
    found = [
        DbtWarning(
            result.node.name,
            result.failures or 0,
            _words(getattr(result.node, "raw_code", "")) or (result.message or "").strip(),
        )
        for result in results
        if str(result.status) == "warn"
    ]
    return sorted(found, key=lambda warning: warning.test)


def _words(raw_code: str) -> str:
    said = SAYS.search(raw_code)
    return " ".join(said.group(1).split()) if said else ""
