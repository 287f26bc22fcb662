"""What a failed expectation means for the file that was loaded, in words of our own.

A message begins the same for every failure of one expectation (`beginning`), so that the messages
of a report can be told apart again, and ends with what was seen and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OURS = "The row checks let it through: the fault is Demoscope's, not the file's. Please report it."
SEEN_LENGTH = 120
# Of a whole load, by what is counted.
BEGINNINGS = {
    "row_count": "No rows",
    "accounted_count": "Rows got lost",
    "quarantined_share": "Too many bad rows",
    "unknown_schema_count": "Unknown schema version",
}


def beginning(kind: str, arguments: Mapping[str, Any]) -> str:
    """How the messages about an expectation begin.

    Args:
        kind: its class in Great Expectations.
        arguments: its own (suites.py).
    """
    column = arguments.get("column") or arguments.get("column_B") or "the batch"
    words = {
        "ExpectTableColumnsToMatchOrderedList": "The columns are not those of the contract",
        "ExpectColumnValuesToNotBeNull": f"{column} is missing",
        "ExpectColumnDistinctValuesToBeInSet": f"{column} is outside its vocabulary",
        "ExpectColumnValuesToBeBetween": f"{column} is out of range",
    }
    return f"{BEGINNINGS.get(column) or words[kind]}:"


def failure_message(kind: str, arguments: Mapping[str, Any], seen: Any) -> str:
    """What one failed expectation means.

    Args:
        kind: its class in Great Expectations.
        arguments: its own.
        seen: the values that failed, or what was there instead; a few are enough.
    """
    column = arguments.get("column") or arguments.get("column_B")
    value = seen[0] if isinstance(seen, list) and seen else seen
    if column == "row_count":
        said = "the file holds nothing but what stands above them. Leave it out."
    elif column == "accounted_count":
        read, accounted = value
        said = f"{read:,} were read and {accounted:,} are accounted for. Please report it."
    elif column == "quarantined_share":
        said = f"a load may have {arguments['max_value']:.1%} of them at most."
    elif column == "unknown_schema_count":
        said = f"this release does not know that of {value:,} rows. Use the one that wrote them."
    else:
        said = f"{str(seen)[:SEEN_LENGTH]}. {OURS}"
    return f"{beginning(kind, arguments)} {said}"
