"""`demoscope boards disclose`: what a release's study says of itself, and what is missing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, put_file, say

if TYPE_CHECKING:
    from publishing.boards.store import Release


NOT_COMPARED = (
    "It is not compared with earlier publications: hand out what the page says, under About this"
    " study."
)


class DocumentFormat(StrEnum):
    """How the document is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def disclose(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="8 or more digits of its id, or `current`.")
    ],
    *,
    output: Annotated[
        DocumentFormat, typer.Option("--format", help="How to print it.")
    ] = DocumentFormat.MARKDOWN,
) -> None:
    """Say what AAPOR has a study disclose, item by item, and name what is missing."""
    from publishing.boards import aapor, store
    from publishing.boards.checking import require_whole

    home = Home.from_environment()
    kept = store.by_id(home.boards, release)
    require_whole(kept)
    said, vouching = _document(home, kept)
    if output is DocumentFormat.JSON:
        print_json({"about": {"board_id": kept.id, **vouching, **said}})
        return
    put_file(aapor.markdown(said))
    say(_sentence(kept, vouching))


def _document(home: Home, kept: Release) -> tuple[dict[str, Any], dict[str, Any]]:
    """The release's document, and what vouches for it."""
    from publishing.boards import aapor
    from publishing.boards.statement import ABOUT

    said = kept.predicate.get(ABOUT)
    is_kept = said is not None
    if said is None:
        from orchestration.reproduction import remade_about  # imports dbt, numba

        say("The release's statement does not have it yet: made from the log ...")
        said = remade_about(home, kept)
    vouching = {"sha256": aapor.digest(said), "is_in_statement": is_kept}
    return said, {**vouching, "is_signed": is_kept and kept.is_signed}


def _sentence(kept: Release, vouching: dict[str, Any]) -> str:
    where = f"SHA-256 {vouching['sha256']}"
    if not vouching["is_in_statement"]:
        nothing = "Nothing vouches for it: the release's statement does not have it."
        return f"{where}. {nothing} {NOT_COMPARED}"
    signed = "signed" if vouching["is_signed"] else "not signed"
    covered = f"{where}, part of the statement of release {kept.id[:12]}, which is {signed}."
    return f"{covered} {NOT_COMPARED}"
