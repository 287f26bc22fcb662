"""`demoscope superset`: a dashboard on what is published, for Apache Superset to import.

What stays out: the dashboard (publishing/publications/superset.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json

app = typer.Typer()


@app.command()
def superset(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where to.")],
    uri: Annotated[
        str | None,
        typer.Option(help="SQLAlchemy's address of the marts; the current publication by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a dashboard on what is published, for Apache Superset to import."""
    from publishing.publications import store
    from publishing.publications.superset import dashboard, default_uri

    marts = Home.from_environment().marts
    address = uri or default_uri(marts)
    file.write_bytes(dashboard(store.current(marts), address))
    if as_json:
        print_json({"dashboard": {"file": str(file), "uri": address}})
    else:
        print(file)  # noqa: T201
