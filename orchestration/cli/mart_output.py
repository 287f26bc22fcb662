"""Rows of a mart as a table for people, one JSON document, or CSV.

What stays out: which rows (the commands beside this file).
"""

from __future__ import annotations

import csv
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WIDTH = 130


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FORMAT = Annotated[Format, typer.Option("--format", help="How to print it.")]


def print_rows(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    output: Format,
    columns: Mapping[str, Callable[[Mapping[str, Any]], str]],
    *,
    head: Mapping[str, Any] | None = None,
) -> None:
    """Print rows of which there may be none.

    Args:
        name: of the list in the JSON document.
        rows: with the mart's columns, all of which JSON and CSV have.
        output: how.
        columns: of the table: a heading, `>` before it where it is set right, and the cell.
        head: what the JSON document says besides.
    """
    if output is Format.JSON:
        print_json({**(head or {}), name: list(rows)})
    elif output is Format.CSV:
        if rows:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif rows:
        _print_table(rows, columns)
    if not rows:
        say(f"No {name}.")


def _print_table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Callable[[Mapping[str, Any]], str]]
) -> None:
    from rich.console import Console  # only for people
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in columns:
        justify: Any = "right" if heading.startswith(">") else "left"
        table.add_column(heading.removeprefix(">"), justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(cell(row) for cell in columns.values()))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
