"""`demoscope publish`, `superset` and `site`: copies of the marts, a dashboard, the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, ROWS, print_json, put, say

if TYPE_CHECKING:
    from publishing.publications.store import Publication

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Build the page readers open, and look at it."
)
OUT = Annotated[
    Path | None, typer.Option(help="Directory of the site; `site` in the warehouse if not given.")
]

NO_BOARD = (
    "No board is shown: fewer than 10 people are behind what changed since an earlier publication,"
    " or judged at all (docs/disclosure.md). Publish again when more have judged."
)


def publish(
    is_list: Annotated[
        bool, typer.Option("--list", help="List what is published instead; publish nothing.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Remove all but the last N; never the current.")
    ] = None,
    postgres: Annotated[
        str | None, typer.Option(metavar="DSN", help="Mirror it in this database's `demoscope`.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Publish the marts of the current release, and let readers see them."""
    from publishing.publications import store

    home = Home.from_environment()
    if is_list:
        _list(home, as_json=as_json)
        return
    from orchestration.consistency_check import publish as run_publish  # imports duckdb

    made = run_publish(home)
    if postgres is not None:
        from publishing.publications.postgres import mirror  # imports the driver

        mirror(made, postgres)
    removed = [] if keep is None else store.remove_old(home.marts, keep)
    if removed:
        say(f"Removed {len(removed)} older publications.")
    if as_json:
        print_json({"publication": _listed(made, home), "removed": removed})
        return
    left_out, blank = (
        sum(table.get(name, 0) for table in made.manifest["tables"])
        for name in ("left_out_count", "blank_count")
    )
    if left_out:
        say(f"{left_out:,} rows stay behind: of too few people, or they would give those away.")
    boards = next(one for one in made.manifest["tables"] if one["name"] == "rpt_leaderboard")
    if not boards["row_count"] and boards.get("left_out_count"):
        say(NO_BOARD)
    if blank:
        say(f"{blank:,} figures of the rows that are shown are blank for the same reason.")
    put(made.directory)


def _list(home: Home, *, as_json: bool) -> None:
    """List what is published; exit 5 where one is not what was published."""
    from publishing.boards.statement import configured
    from publishing.publications import store
    from publishing.publications.checking import AGAIN, findings

    signer, changed, listed = configured(home.vault), {}, []
    for one in store.published(home.marts):
        if found := findings(home.boards, one, signer):
            changed[one.name] = found
        else:
            listed.append(_listed(one, home))
    if as_json:
        wrong = [{"name": name, "findings": found} for name, found in changed.items()]
        print_json({ROWS: listed, "changed": wrong})
    for row in () if as_json else listed:
        mark = "*" if row["is_current"] else " "
        name = row["release_id"][:12] + row["name"].removeprefix(row["release_id"])
        put(f"{mark} {name:<15} {row['byte_count'] / 1e6:7.1f} MB  {row['title']}")
    if not listed and not changed:
        say("Nothing is published yet. Run: demoscope publish")
    for name, found in changed.items():
        say(f"WRONG {name[:12]}: {' '.join(found)} {AGAIN}")
    if changed:
        raise typer.Exit(IntegrityError.exit_code)


def _listed(publication: Publication, home: Home) -> dict[str, Any]:
    from publishing.publications import store

    manifest = publication.manifest
    files = [*manifest["files"], *(file for table in manifest["tables"] for file in table["files"])]
    said = ("title", "is_simulated", "log_position", "valid_until")
    counts = ("name", "row_count", "left_out_count", "blank_count")
    return {
        "name": publication.name,
        "release_id": publication.release_id,
        "is_current": publication.name == (home.marts / store.CURRENT).resolve().name,
        **{name: manifest[name] for name in said},
        "directory": str(publication.directory),
        "byte_count": sum(file["byte_count"] for file in files),
        "tables": [{name: table.get(name, 0) for name in counts} for table in manifest["tables"]],
    }


def superset(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where to.")],
    uri: Annotated[
        str | None, typer.Option(help="SQLAlchemy's address; by default of what is current.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Write a dashboard on what is published, for Apache Superset to import."""
    from ingestion.log.durable import write_private
    from publishing.boards.statement import configured
    from publishing.publications import store
    from publishing.publications.checking import require_whole
    from publishing.publications.superset import dashboard, default_uri, without_password

    home = Home.from_environment()
    shown, address = store.current(home.marts), uri or default_uri(home.marts)
    require_whole(home.boards, shown, configured(home.vault))
    # The address may hold a password.
    write_private(file, dashboard(shown, address))
    if as_json:
        print_json({"dashboard": {"file": str(file), "uri": without_password(address)}})
    else:
        put(file)


@app.command()
def build(out: OUT = None, as_json: AS_JSON = False) -> None:
    """Write the page of every published board; the current one is index.html."""
    from publishing.page.building import build_site  # imports pyarrow, jinja2

    home = Home.from_environment()
    page = build_site(home, _directory(home, out), say)
    if as_json:
        pages = sorted(path.name for path in page.parent.glob("*.html"))
        print_json({"directory": str(page.parent), "page": str(page), "pages": pages})
    else:
        put(page)


@app.command()
def serve(
    out: OUT = None, port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any.")] = 8000
) -> None:
    """Serve the site to this machine alone, until interrupted."""
    from publishing.page.building import site_of
    from publishing.page.serving import server

    home = Home.from_environment()
    page = site_of(_directory(home, out))
    with server(page.parent, port) as serving:
        host, bound = serving.server_address[:2]
        say(f"http://{host!s}:{bound}/ (Ctrl-C to stop)")
        serving.serve_forever()


def _directory(home: Home, out: Path | None) -> Path:
    return home.site if out is None else out.resolve()
