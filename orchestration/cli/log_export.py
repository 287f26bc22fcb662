"""`demoscope log export`: the log's files as Delta Lake or Iceberg tables, nothing copied.

What stays out: writing the tables (ingestion/log/exports.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

AS_OF = typer.Option(
    "--as-of", help="A log position, a recorded-at time or a board's id; the head by default."
)
AS_JSON = typer.Option("--json", help="Print one JSON document.")


def export(
    kind: Annotated[str, typer.Argument(metavar="delta|iceberg", help="Which tables.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.")],
    *,
    as_of: Annotated[str | None, AS_OF] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Register the log's Parquet files as one table per event type, for other engines."""
    from ingestion.errors import UsageError
    from ingestion.log import EventLog  # imports pyarrow
    from ingestion.log.exports import ExportFormat
    from ingestion.log.exports import export as export_log
    from publishing.boards.inputs import resolve

    if kind not in set(ExportFormat):
        message = f"{kind!r} is not a format: delta or iceberg."
        raise UsageError(message, remedy="demoscope log export delta DIR")
    home = Home.from_environment()
    log = EventLog.open(home.log)
    position = resolve(home.boards, log, as_of, None).log_position
    tables = export_log(log, directory, ExportFormat(kind), position)
    if as_json:
        print_json(
            {
                "format": kind,
                "directory": str(directory.resolve()),
                "log_position": position,
                "tables": [
                    {
                        "event_type": str(table.event_type),
                        "path": str(table.path),
                        "rows": table.rows,
                        "files": table.files,
                    }
                    for table in tables
                ],
            }
        )
        return
    rows, files = sum(table.rows for table in tables), sum(table.files for table in tables)
    say(
        f"{len(tables)} {kind} tables in {directory}: {rows:,} events in {files:,} files, as of"
        f" log position {position}. The log stays the truth: `demoscope log verify` checks it."
    )
