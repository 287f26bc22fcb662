"""What a batch must be, as data derived from its contract, and what a failure means, in our words.

Each expectation is (Great Expectations class name, arguments), so that this file costs nothing to
import; gate.py, the only importer of the library, makes a suite of them. A message begins the same
for every failure of one expectation, so that the messages of a report can be told apart again, and
ends with what was seen and what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.contracts import Contract

OURS = "The row checks let it through: the fault is Demoscope's, not the file's. Please report it."
SEEN_LENGTH = 120
# Of a whole load, by what is counted.
BEGINNINGS = {
    "row_count": "No rows",
    "accounted_count": "Rows got lost",
    "quarantined_share": "Too many bad rows",
    "unknown_schema_count": "Unknown schema version",
}


class Expectation(NamedTuple):
    """One expectation: the class's name in great_expectations.expectations, and its arguments."""

    kind: str
    arguments: dict[str, Any]


def contract_suite(contract: Contract) -> list[Expectation]:
    """Columns, nulls, closed sets and ranges of a batch about to enter the log."""
    names = [column.name for column in contract.log_columns]
    suite = [Expectation("ExpectTableColumnsToMatchOrderedList", {"column_list": names})]
    for column in contract.log_columns:
        values = set(column.vocabulary)
        if column.name == "event_type":
            values = {str(contract.event_type)}
        if values:
            arguments: dict[str, Any] = {"column": column.name, "value_set": sorted(values)}
            suite.append(Expectation("ExpectColumnDistinctValuesToBeInSet", arguments))
        if column.is_required:
            suite.append(Expectation("ExpectColumnValuesToNotBeNull", {"column": column.name}))
        if column.minimum is not None or column.maximum is not None:
            limits = {"min_value": column.minimum, "max_value": column.maximum}
            arguments = {"column": column.name, **limits}
            suite.append(Expectation("ExpectColumnValuesToBeBetween", arguments))
    return suite


def load_suite(max_bad_share: float) -> list[Expectation]:
    """A whole load, summed up in one row: nothing lost, and few enough rows refused."""
    between = "ExpectColumnValuesToBeBetween"
    accounted = {"column_A": "row_count", "column_B": "accounted_count"}
    return [
        Expectation(between, {"column": "row_count", "min_value": 1}),
        Expectation("ExpectColumnPairValuesToBeEqual", accounted),
        Expectation(between, {"column": "quarantined_share", "max_value": max_bad_share}),
        Expectation(between, {"column": "unknown_schema_count", "max_value": 0}),
    ]


def columns_of_values(suite: list[Expectation]) -> set[str]:
    """Columns whose values are judged; of the others, only whether they are there."""
    return {
        column
        for item in suite
        if item.kind != "ExpectColumnValuesToNotBeNull"
        for argument, column in item.arguments.items()
        if argument.startswith("column") and isinstance(column, str)
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
