"""`demoscope site build|serve`: the page readers open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

app = typer.Typer(no_args_is_help=True, help="Build the page readers open, and look at it.")
OUT = Annotated[
    Path | None, typer.Option(help="Directory of the site; `site` in the warehouse if not given.")
]
DEFAULT_PORT = 8000


@app.command()
def build(
    out: OUT = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write the page of every published board; the current one is index.html."""
    from publishing.page.building import build_site  # imports pyarrow, jinja2

    home = Home.from_environment()
    page = build_site(home, _directory(home, out), say)
    if as_json:
        pages = sorted(path.name for path in page.parent.glob("*.html"))
        print_json({"directory": str(page.parent), "page": str(page), "pages": pages})
    else:
        print(page)  # noqa: T201


@app.command()
def serve(
    out: OUT = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any.")] = DEFAULT_PORT,
) -> None:
    """Serve the site to this machine alone, until interrupted."""
    from publishing.page.building import server, site_of

    home = Home.from_environment()
    page = site_of(_directory(home, out))
    with server(page.parent, port) as serving:
        host, bound = serving.server_address[:2]
        say(f"http://{host!s}:{bound}/ (Ctrl-C to stop)")
        serving.serve_forever()


def _directory(home: Home, out: Path | None) -> Path:
    return home.site if out is None else out.resolve()
