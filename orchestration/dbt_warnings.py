"""What dbt's tests warn of: which test, how many rows, and what to do about them.

A test that warns says so itself, in the comment above its SQL: `Warns: what is amiss. What to do.`

What stays out: running dbt (dbt_runs.py), and printing (cli/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbt.artifacts.schemas.results import NodeResult

SAYS = re.compile(r"\{#-?\s*Warns:\s*(.*?)\s*-?#\}", re.DOTALL)


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
