"""`demoscope publish`: immutable copies of the marts for readers.

What stays out: publishing (publishing/publications).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from publishing.publications.store import Publication

app = typer.Typer()


@app.command()
def publish(
    is_list: Annotated[
        bool, typer.Option("--list", help="List what is published instead; publish nothing.")
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Remove all but the last N by log position; never the current."),
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(metavar="DSN", help="Mirror it in the schema `demoscope` of this database."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Publish the marts of the current board, and let readers see them."""
    from publishing.publications import store

    home = Home.from_environment()
    if is_list:
        _print_list([_listed(one, home) for one in store.published(home.marts)], as_json=as_json)
        return
    from publishing.publications.publication import publish as run_publish  # imports duckdb

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
    left_out = sum(table["left_out_count"] for table in made.manifest["tables"])
    if left_out:
        say(f"{left_out:,} rows stay behind: of too few people, or they would give those away.")
    print(made.directory)  # noqa: T201


def _listed(publication: Publication, home: Home) -> dict[str, Any]:
    from publishing.publications import store

    manifest = publication.manifest
    files = [*manifest["files"], *(file for table in manifest["tables"] for file in table["files"])]
    return {
        "name": publication.name,
        "board_id": manifest["board_id"],
        "is_current": publication.name == (home.marts / store.CURRENT).resolve().name,
        "title": manifest["title"],
        "is_simulated": manifest["is_simulated"],
        "log_position": manifest["log_position"],
        "valid_until": manifest["valid_until"],
        "directory": str(publication.directory),
        "byte_count": sum(file["byte_count"] for file in files),
        "tables": [
            {name: table[name] for name in ("name", "row_count", "left_out_count")}
            for table in manifest["tables"]
        ],
    }


def _print_list(listed: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"publications": listed})
        return
    for one in listed:
        mark = "*" if one["is_current"] else " "
        megabytes = one["byte_count"] / 1e6
        number = one["name"].removeprefix(one["board_id"])
        name = one["board_id"][:12] + number
        print(f"{mark} {name:<15} {megabytes:7.1f} MB  {one['title']}")  # noqa: T201
