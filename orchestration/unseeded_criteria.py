"""A sentence on criteria that ratings name and the study doesn't, as of the last build."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.errors import BusyError, NotFoundError
from orchestration.database import mart_rows
from publishing.counted import listed

if TYPE_CHECKING:
    from ingestion.paths import Home

SHOWN = 10
UNSEEDED = """
select criterion, rating_count from dim_criterion
where not is_declared
order by rating_count desc, criterion
"""


def unseeded_criteria(home: Home) -> list[str]:
    """Names and counts of criteria without a row of seed_criteria.

    Empty where every one has a row, and where the database cannot be read now.
    """
    rows = []
    # That somebody else has the database open, or that older code built it, is no failure.
    with suppress(BusyError, NotFoundError):
        rows = mart_rows(home, UNSEEDED)
    if not rows:
        return []
    named = [f"{row['criterion']} ({row['rating_count']:,})" for row in rows]
    said = (
        f"ratings name criteria that seed_criteria.csv does not have: {listed(named, SHOWN)}."
        " Each has a board of its own, under that name; none is compared with others by kind. If"
        " one is misspelt, correct the file and load it again; else add a row."
    )
    return [said]
