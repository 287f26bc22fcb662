"""What assets, sensors and schedules share: resources, failures, tables as metadata."""

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource

from ingestion.errors import BusyError, DemoscopeError
from ingestion.paths import Home
from ingestion.visible_text import visible
from orchestration import dbt_runs

DUCKDB_POOL = "duckdb"
"""Every step that opens the pipeline's database is in this pool, whose limit is 1."""

MARKDOWN = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)")
OWNERS = ["team:demoscope"]


class HomeResource(dg.ConfigurableResource[Any]):
    """The warehouse: `home.paths.log`, `home.paths.landing`, ..."""

    root: str

    @property
    def paths(self) -> Home:
        """Its directories."""
        return Home(Path(self.root))


def default_resources() -> dict[str, Any]:
    """The warehouse `DEMOSCOPE_HOME` names, and dbt as it is installed beside this Python."""
    project = str(dbt_runs.PROJECT_DIRECTORY)
    beside = Path(sys.executable).with_name("dbt")
    dbt = DbtCliResource(
        project_dir=project,
        profiles_dir=project,
        dbt_executable=str(beside) if beside.exists() else shutil.which("dbt") or "dbt",
        # The debug log of one build is ten megabytes.
        global_config_flags=["--log-level-file", "info"],
    )
    return {"home": HomeResource(root=str(Home.from_environment().root)), "dbt": dbt}


@contextmanager
def as_failure() -> Iterator[None]:
    """Turn a DemoscopeError, a sentence and its remedy, into a Dagster failure.

    Raises:
        Failure: in its place; a retry is worth it only where something was busy.
    """
    try:
        yield
    except DemoscopeError as error:
        raise dg.Failure(str(error), allow_retries=isinstance(error, BusyError)) from error


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table; numbers to the right, two decimals where they have any."""
    rows = list(rows)
    numeric = {name for name in columns if rows and all(_is_number(row[name]) for row in rows)}
    rule = ["---:" if name in numeric else "---" for name in columns]
    lines = [columns, rule, *([_text(row[name]) for name in columns] for row in rows)]
    return dg.MetadataValue.md("\n".join("| " + " | ".join(cells) + " |" for cells in lines))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if _is_number(value):
        return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    return plain(value)


def plain(value: object) -> str:
    """Text of data in Markdown: what Markdown would read as its own is escaped."""
    return MARKDOWN.sub(r"\\\g<0>", visible(value))
