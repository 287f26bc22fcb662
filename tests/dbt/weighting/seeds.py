"""Reading and changing the seeds of a copy of the dbt project, as somebody who edits a study does.

What stays out: building with them (project.py here, tests/end_to_end).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Seeds:
    """The CSV files of one directory, by name."""

    directory: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        """A seed's rows."""
        with (self.directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Replace a seed's rows; a column left out is empty."""
        columns = list(self.rows(name)[0])
        path = self.directory / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def add(self, name: str, *rows: Row) -> None:
        """Add rows to a seed: how a country, an axis or a group is added."""
        self.write(name, [*self.rows(name), *rows])
