"""What assets, sensors and schedules share: resources, failures, and metadata worth looking at."""

import shutil
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource

from ingestion.errors import BusyError, DemoscopeError
from ingestion.paths import Home
from orchestration import dbt_runs

DUCKDB_POOL = "duckdb"
"""Every step that opens the pipeline's database is in this pool, whose limit is 1."""

OWNERS = ["team:demoscope"]
ROW, LABEL, PLOT, MARGIN = 20, 220, 480, 12


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


def interval_plot(rows: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Skill and 95% interval of each model of a board, as a picture; the grey line is the mean."""
    low = min((row["skill_lo"] for row in rows), default=0.0)
    high = max((row["skill_hi"] for row in rows), default=0.0)

    def x(skill: float) -> float:
        return LABEL + MARGIN + PLOT * (skill - low) / ((high - low) or 1)

    width, height = LABEL + PLOT + 2 * MARGIN, ROW * len(rows) + 2 * MARGIN
    lines = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{height}" stroke="#aaa"/>']
    for index, row in enumerate(rows):
        y = MARGIN + ROW * (index + 0.5)
        start, end = x(row["skill_lo"]), x(row["skill_hi"])
        name = escape(str(row["model_id"]))
        lines += [
            f'<text x="{LABEL}" y="{y + 4}" text-anchor="end">{name}</text>',
            f'<path d="M{start:.1f} {y}H{end:.1f}" stroke="#4458c8" stroke-width="2"/>',
            f'<circle cx="{x(row["skill"]):.1f}" cy="{y}" r="4" fill="#4458c8"/>',
        ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' font-family="sans-serif" font-size="13" fill="#777">{"".join(lines)}</svg>'
    )
    picture = b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![skills](data:image/svg+xml;base64,{picture})")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if _is_number(value):
        return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
