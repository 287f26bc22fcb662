"""How commands print: data on stdout as a table, JSON or CSV; words and progress on stderr.

Everything a command prints goes through here, so that names and texts of data are shown as text:
nothing in them is markup, and what would be hidden, or would move the cursor, is an escape.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import NotFoundError
from ingestion.paths import HOME_VARIABLE, STORE_VARIABLE, Home
from ingestion.visible_text import visible, visible_in_json, visible_lines
from orchestration.cli.help import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    Row = Mapping[str, Any]
    # A heading (`>`: set right, `^`: centred, `<`: never cut), and a format string or function for
    # the cell.
    Columns = Mapping[str, str | Callable[[Row], str]]

SCHEMA_VERSION = 1
# The key of the rows in JSON, whichever command prints them.
ROWS = "rows"
# Of a line in a pipe, where neither a terminal nor COLUMNS says: what is longer is not cut.
WIDTH = 160
# What --home said; a variable, as DEMOSCOPE_HOME is.
HOME_TYPED = "DEMOSCOPE_HOME_TYPED"
# A command in a sentence; not "this demoscope reads".
NAMES = "|".join(sorted({name.split()[0] for name in EXAMPLES}))
COMMAND = re.compile(rf"\bdemoscope (?=({NAMES})\b)")
# Names are cut to the first before a column goes, and to the second after that.
NAME_WIDTH, NAME_WIDTH_MIN = 24, 8
# As many columns at the left say what a row is.
IDENTIFYING = 2
MARKS = ">^<"
ELLIPSIS = "…"
FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
AS_OF = Annotated[
    str | None,
    typer.Option(
        metavar="SEQ|TIME|RELEASE",
        help="Log position, time or release's id; the head if not given.",
    ),
]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


JSON_ASKED = "json"


def _format(context: typer.Context, chosen: Format) -> Format:
    """What --format says, or --json."""
    return Format.JSON if is_json_asked(context, chosen) else chosen


def is_json_asked(context: typer.Context, chosen: StrEnum) -> bool:
    """Whether --json is said; beside a --format that says otherwise it is a usage error."""
    is_asked = bool(context.meta.get(JSON_ASKED))
    if is_asked and chosen != Format.JSON and _is_said(context, "output"):
        context.fail(f"--json contradicts --format {chosen}. Give one of the two.")
    return is_asked


def _is_said(context: typer.Context, name: str) -> bool:
    """Whether a parameter's value comes from the command line; else it is the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


FORMAT = Annotated[Format, typer.Option("--format", help="How to print it.", callback=_format)]


def _ask_json(context: typer.Context, is_asked: bool) -> None:
    context.meta[JSON_ASKED] = context.meta.get(JSON_ASKED) or is_asked


def json_option() -> Any:
    """`--json`, which is short for `--format json`: a parameter for a command that has that."""
    made = typer.Typer(add_completion=False)

    @made.command()
    def _(
        is_asked: Annotated[
            bool,
            typer.Option(
                "--json",
                # Before --format is read.
                is_eager=True,
                expose_value=False,
                callback=_ask_json,
                help=f"The same as --format json: one document, its rows under `{ROWS}`.",
            ),
        ] = False,
    ) -> None:
        del is_asked

    return typer.main.get_command(made).params[0]


def print_json(document: dict[str, Any]) -> None:
    """Print one document with its schema version."""
    said = {"schema_version": SCHEMA_VERSION, **document}
    text = json.dumps(said, ensure_ascii=False, indent=2, allow_nan=False)
    _write(f"{visible_in_json(text)}\n")


def put(line: object) -> None:
    """A line of the command's output, on stdout."""
    _write(f"{visible_lines(line)}\n")


def put_file(content: str) -> None:
    """A whole file on stdout: as it is for a program; nothing in it runs on a terminal."""
    _write(visible_lines(content) if sys.stdout.isatty() else content)


def _write(text: str) -> None:
    """Write at once; where the reader has gone, as `head` does, the command's work goes on."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(message: object) -> None:
    """A line for a person, on stderr; its commands can be copied whole."""
    sys.stderr.write(f"{visible_lines(with_home(message))}\n")


def existing_home() -> Home:
    """The home, which is not made by being looked at.

    Raises:
        NotFoundError: there is none.
    """
    home = Home.from_environment()
    # Where the log lies elsewhere, a home is begun from there.
    if not home.root.exists() and not os.environ.get(STORE_VARIABLE):
        raise NotFoundError("There is no log.", remedy="Begin one: demoscope ingest PATH")
    return home


def with_home(text: object) -> str:
    """A text whose commands name the home where the line of the command did, to be copied whole."""
    if not (home := os.environ.get(HOME_TYPED)):
        return str(text)
    named = f"demoscope --home {shlex.quote(visible(home))} "
    # A function, as a backslash of a path is no pattern.
    return COMMAND.sub(lambda _found: named, str(text))


def home_hint() -> str:
    """Which home is read, where another may be meant; empty for one in which a release is kept."""
    from ingestion.log.layout import Layout

    home = Home.from_environment()
    if home.boards.is_dir() and any(home.boards.iterdir()):
        return ""
    is_named = bool(os.environ.get(HOME_VARIABLE))
    named = f"named by --home or {HOME_VARIABLE}" if is_named else "the default"
    said = f"The home is {home.root}, {named}"
    if not home.root.exists():
        said += "; it does not exist"
    elif not Layout(home.log).last_seq():
        said += "; nothing was ever loaded there"
    return f"{said}. If another is meant: --home DIR"


def print_rows(
    what: str,
    rows: Sequence[Row],
    output: Format,
    columns: Columns,
    *,
    head: Row | None = None,
    title: str | None = None,
    note: str | None = None,
    nothing: str | None = None,
    fields: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Print rows of which there may be none.

    JSON has `head` and the list `rows`; CSV has all columns of the rows; the table has `columns`,
    with `title` above and `note` below it. Where there is no row, `nothing` is said, or that there
    is no `what`, and CSV has the columns that `fields` gives.
    """
    if output is Format.JSON:
        print_json({**(head or {}), ROWS: list(rows)})
    if output is Format.CSV:
        names = dict.fromkeys(column for row in rows for column in row)
        writer = csv.DictWriter(sys.stdout, fieldnames=names or fields(), lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: _csv_cell(cell) for column, cell in row.items()} for row in rows)
    if not rows:
        say(nothing or f"No {what}.")
    elif output is Format.TABLE:
        print_table(rows, columns, title=title, note=note)


def _csv_cell(cell: object) -> object:
    """A cell as CSV has it: as JSON, but text; and no text that a spreadsheet would run.

    Such a text gets an apostrophe before it, as in published CSV.
    """
    if isinstance(cell, bool | list | dict):
        cell = json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, str) and sys.stdout.isatty():
        # A terminal would run what a program reads as text.
        cell = visible(cell)
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def print_table(
    rows: Sequence[Row], columns: Columns, *, title: str | None = None, note: str | None = None
) -> None:
    """Print rows as a table for people.

    On a terminal that is too narrow the last columns go, and it is said which; then names are
    shortened. In a pipe every line is whole.
    """
    from rich.console import Console  # only for people
    from rich.text import Text

    is_fitted = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(width=None if is_fitted else WIDTH)
    cells = [
        [visible(one.format_map(row) if isinstance(one, str) else one(row)) for row in rows]
        for one in columns.values()
    ]
    dropped: list[str] = []
    headings = list(columns)
    if is_fitted:
        headings, cells, dropped = _fitted(console, headings, cells)
    whole = _table(headings, cells)
    console.width = max(console.width, _width(console, whole))
    if title is not None:
        # In a pipe it is one line.
        console.print(Text(visible(title), style="italic"), soft_wrap=not sys.stdout.isatty())
    with console.capture() as captured:
        console.print(whole)
    _write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    if note:
        console.print(Text(visible_lines(note), style="dim"), soft_wrap=True)
    if dropped:
        say(f"no room for {', '.join(dropped)} (--json and --format csv have all)")


def _width(console: Console, table: Table) -> int:
    """Columns that a table takes where nothing is cut or broken."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update(width=10**6), table).maximum


def _fitted(
    console: Console, headings: list[str], cells: list[list[str]]
) -> tuple[list[str], list[list[str]], list[str]]:
    """What of a table fits into the console: headings, their cells, and headings that went."""
    dropped: list[str] = []
    cells = _with_short_names(headings, cells, _excess(console, headings, cells), NAME_WIDTH)
    while _excess(console, headings, cells) > 0 and (at := _least(headings)) is not None:
        dropped.insert(0, headings.pop(at).lstrip(MARKS))
        cells.pop(at)
    cells = _with_short_names(headings, cells, _excess(console, headings, cells), NAME_WIDTH_MIN)
    while _excess(console, headings, cells) > 0 and len(headings) > 1:
        dropped.insert(0, headings.pop().lstrip(MARKS))
        cells.pop()
    return headings, cells, dropped


def _excess(console: Console, headings: list[str], cells: list[list[str]]) -> int:
    return _width(console, _table(headings, cells)) - console.width


def _least(headings: list[str]) -> int | None:
    """The place of the column to go first: the last; the first ones and the model name a row."""
    places = range(IDENTIFYING, len(headings))
    return max((at for at in places if headings[at] != "model"), default=None)


def _with_short_names(
    headings: list[str], cells: list[list[str]], excess: int, floor: int
) -> list[list[str]]:
    """The cells, with names cut to save `excess` characters, but to no fewer than `floor`."""
    if excess <= 0:
        return cells
    names = [at for at, heading in enumerate(headings) if not heading.startswith(tuple(MARKS))]
    cells = list(cells)
    for at, width in _name_widths([cells[at] for at in names], excess, floor).items():
        cells[names[at]] = _shortened(cells[names[at]], width)
    return cells


def _table(columns: Sequence[str], cells: list[list[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in columns:
        justify: Any = {">": "right", "^": "center"}.get(heading[:1], "left")
        table.add_column(Text(heading.lstrip(MARKS)), justify=justify, no_wrap=True)
    for row in zip(*cells, strict=True):
        table.add_row(*map(Text, row))
    return table


def _name_widths(columns: list[list[str]], excess: int, floor: int) -> dict[int, int]:
    """Widths for the widest columns of names, by place, that save `excess` characters.

    None is below `floor`.
    """
    from rich.cells import cell_len

    widths = [max((cell_len(cell) for cell in cells), default=0) for cells in columns]
    narrowed: dict[int, int] = {}
    while excess > 0 and widths and max(widths) > floor:
        at = widths.index(max(widths))
        next_widest = max(
            (width for other, width in enumerate(widths) if other != at), default=floor
        )
        saved = max(1, min(excess, widths[at] - max(next_widest, floor)))
        widths[at] -= saved
        excess -= saved
        narrowed[at] = widths[at]
    return narrowed


def _shortened(cells: list[str], width: int) -> list[str]:
    """Texts cut in the middle to a width; two that would look alike then are numbered."""
    by_short: dict[str, list[str]] = {}
    found = []
    for cell in cells:
        short = _cut(cell, width, ELLIPSIS)
        alike = by_short.setdefault(short, [])
        if cell not in alike:
            alike.append(cell)
        number = alike.index(cell) + 1
        found.append(short if number == 1 else _cut(cell, width, f"{ELLIPSIS}{number}{ELLIPSIS}"))
    return found


def _cut(text: str, width: int, mark: str) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    left = max(width - cell_len(mark), 2)
    start = set_cell_size(text, (left + 1) // 2)
    end = set_cell_size(text[::-1], left // 2)[::-1]
    return f"{start}{mark}{end}"


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], None]]:
    """A running count on stderr where a person looks; silent in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console  # only for a terminal
    from rich.text import Text

    shown = visible(label)
    with Console(stderr=True).status(Text(shown)) as status:
        yield lambda count: status.update(Text(f"{shown}: {count:,} rows"))


def step(labels: Mapping[str, str]) -> Callable[[str], None]:
    """Names each step of long work on stderr as it begins."""
    return lambda name: say(f"{labels.get(name, name)} ...")
