"""`demoscope boards disclose`: what a release's study says of itself, and what is missing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.cli.output import is_json_asked, print_json, put_file, say
from orchestration.cli.signatures import KEYS, trusted

if TYPE_CHECKING:
    from publishing.boards.checking import Signature
    from publishing.boards.store import Release


NOT_COMPARED = (
    "It is not compared with earlier publications: hand out what the page says, under About this"
    " study."
)


class DocumentFormat(StrEnum):
    """How the document is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def _document_format(context: typer.Context, chosen: DocumentFormat) -> DocumentFormat:
    return DocumentFormat.JSON if is_json_asked(context, chosen) else chosen


def disclose(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="8 or more digits of its id, or `current`.")
    ] = "current",
    *,
    key: KEYS = None,
    output: Annotated[
        DocumentFormat,
        typer.Option("--format", help="How to print it.", callback=_document_format),
    ] = DocumentFormat.MARKDOWN,
) -> None:
    """Say what AAPOR has a study disclose, item by item, and name what is missing.

    Exit code 5 where the release was changed, or where no key that is named has signed it.
    """
    from publishing.boards import aapor, store
    from publishing.boards.checking import require_whole

    home = Home.from_environment()
    kept = store.by_id(home.boards, release)
    require_whole(kept)
    signed = _signature(home, kept, key)
    said, is_kept = _document(home, kept)
    try:
        sha256, text = aapor.digest(said), aapor.markdown(said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"What the study discloses cannot be read in {kept.directory}: {error!r}."
        raise IntegrityError(message, remedy="See: demoscope boards show") from error
    if output is DocumentFormat.JSON:
        vouching = {
            "sha256": sha256,
            "is_in_statement": is_kept,
            "is_signed": is_kept and signed is signed.CHECKED,
            "signature": signed.value if is_kept else signed.NONE.value,
        }
        print_json({"about": {"release_id": kept.id, **vouching, **said}})
        return
    put_file(text)
    say(f"SHA-256 {sha256}{_vouching(kept, signed, is_kept=is_kept)} {NOT_COMPARED}")


def _signature(home: Home, kept: Release, keys: list[Path] | None) -> Signature:
    from publishing.boards.checking import Signature, signature

    signed = signature(kept, trusted(home, keys))
    if signed is Signature.BROKEN:
        message = f"The signature of release {kept.id[:12]} does not hold."
        raise IntegrityError(message, remedy="See: demoscope boards show")
    if keys and signed is not Signature.CHECKED:
        message = f"No key that was named has signed release {kept.id[:12]}."
        raise IntegrityError(message, remedy="Ask for the release, or the key, again.")
    return signed


def _document(home: Home, kept: Release) -> tuple[dict[str, Any], bool]:
    """The release's document, and whether it is in its statement."""
    from publishing.boards.statement import ABOUT

    said = kept.predicate.get(ABOUT)
    if said is not None:
        return said, True
    from orchestration.reproduction import remade_about  # imports dbt, numba

    say("The release's statement does not have it yet: made from the log ...")
    return remade_about(home, kept), False


def _vouching(kept: Release, signed: Signature, *, is_kept: bool) -> str:
    if not is_kept:
        return ". Nothing vouches for it: the release's statement does not have it."
    how = {
        signed.CHECKED: "which is signed; the signature is checked",
        signed.NOT_CHECKED: "whose signature is not checked (--key PUBLIC.pem)",
        signed.NONE: "which is not signed: nobody vouches for it",
    }
    return f", part of the statement of release {kept.id[:12]}, {how[signed]}."
