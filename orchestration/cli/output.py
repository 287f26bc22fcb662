"""How commands print: data on stdout as a table, JSON or CSV; words and progress on stderr."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]
    # A heading (`>`: set right, `^`: centred), and a format string or function for the cell.
    Columns = Mapping[str, str | Callable[[Row], str]]

SCHEMA_VERSION = 1
WIDTH = 160
AS_OF = Annotated[
    str | None, typer.Option(help="Log position, time or release's id; the head if not given.")
]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FORMAT = Annotated[Format, typer.Option("--format", help="How to print it.")]


def print_json(document: dict[str, Any]) -> None:
    """Print one document with its schema version."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=False, indent=2)
    put(text)


def put(line: object) -> None:
    """A line of the command's output, on stdout."""
    sys.stdout.write(f"{line}\n")


def say(message: str) -> None:
    """A line for a person, on stderr."""
    sys.stderr.write(message + "\n")


def print_rows(
    name: str,
    rows: Sequence[Row],
    output: Format,
    columns: Columns,
    *,
    head: Row | None = None,
    title: str | None = None,
    note: str | None = None,
) -> None:
    """Print rows of which there may be none.

    JSON has `head` and the list `name`; CSV has all columns of the rows; the table has `columns`,
    with `title` above and `note` below it.
    """
    if output is Format.JSON:
        print_json({**(head or {}), name: list(rows)})
    if not rows:
        say(f"No {name}.")
    elif output is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif output is Format.TABLE:
        print_table(rows, columns, title=title, note=note)


def print_table(
    rows: Sequence[Row], columns: Columns, *, title: str | None = None, note: str | None = None
) -> None:
    """Print rows as a table for people."""
    from rich.console import Console  # only for people
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in columns:
        justify: Any = {">": "right", "^": "center"}.get(heading[:1], "left")
        table.add_column(heading.lstrip(">^"), justify=justify, no_wrap=True)
    for row in rows:
        cells = columns.values()
        table.add_row(*(one.format_map(row) if isinstance(one, str) else one(row) for one in cells))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    if note:
        console.print(note, style="dim", highlight=False, soft_wrap=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], None]]:
    """A running count on stderr where a person looks; silent in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console  # only for a terminal

    with Console(stderr=True).status(label) as status:
        yield lambda count: status.update(f"{label}: {count:,} rows")


def step(labels: Mapping[str, str]) -> Callable[[str], None]:
    """Names each step of long work on stderr as it begins."""
    return lambda name: say(f"{labels.get(name, name)} ...")
