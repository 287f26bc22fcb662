"""What a batch must be, as data: derived from its contract, plus what a contract can't say.

Each expectation is (Great Expectations class name, arguments), so that this file costs nothing to
import; gate.py, the only importer of the library, makes a suite of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ingestion.contracts import Contract


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
