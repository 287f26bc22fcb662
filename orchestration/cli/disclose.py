"""`demoscope boards disclose`: what the study behind a release says of itself, and what it lacks."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, put_file, say

if TYPE_CHECKING:
    from publishing.boards.store import Release


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
    from publishing.boards.store import ABOUT_FILE, identity

    path = kept.directory / ABOUT_FILE
    is_kept = path.exists()
    if is_kept:
        content = path.read_bytes()
    else:
        from orchestration.reproduction import remade_about

        say("The release was kept before releases had this document: made from the log ...")
        content = remade_about(home, kept)
    vouching = {
        "sha256": identity(content),
        "is_kept": is_kept,
        "is_signed": is_kept and kept.is_signed,
    }
    return json.loads(content), vouching


def _sentence(kept: Release, vouching: dict[str, Any]) -> str:
    where = f"SHA-256 {vouching['sha256']}"
    if not vouching["is_kept"]:
        return f"{where}. Nothing vouches for it: the release's statement does not name it."
    signed = "signed" if vouching["is_signed"] else "not signed"
    return f"{where}, named by the statement of release {kept.id[:12]}, which is {signed}."
