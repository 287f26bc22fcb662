"""Whether a publication is still what was published: its files, its manifest, and who says so.

A manifest names every file with its hash. Who may write `marts/` could change both, so what was
published is noted where readers cannot write, and signed where a key is configured:

    boards/<release_id>/publications/<name>.json       an in-toto statement about manifest.json
    boards/<release_id>/publications/<name>.dsse.json  the same, signed
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError
from ingestion.json_object import parse_object
from ingestion.log.durable import replace_text
from publishing.boards.statement import STATEMENT_TYPE
from publishing.publications.store import MANIFEST_FILE, Publication, is_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from publishing.boards.statement import Signer

PREDICATE_TYPE = "tag:demoscope,2026:publication/v1"
NOTES = "publications"
AGAIN = "Publish again: demoscope publish"


def note(
    boards: Path, publication: Publication, manifest_sha256: str, signer: Signer | None
) -> None:
    """Note that a publication is what was published, from now on.

    Args:
        boards: where notes are.
        publication: which, by its name; it may not be there yet.
        manifest_sha256: of its manifest.
        signer: who signs the note; None where none is configured.

    Raises:
        OSError: the disk refused.
    """
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST_FILE, "digest": {"sha256": manifest_sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"release_id": publication.release_id, "name": publication.name},
    }
    said = json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"
    path, envelope = _notes(boards, publication)
    path.parent.mkdir(parents=True, exist_ok=True)
    envelope.unlink(missing_ok=True)
    replace_text(path, said.decode())
    if signer is not None:
        replace_text(envelope, signer.envelope(said).decode())


def findings(boards: Path, publication: Publication, signer: Signer | None) -> list[str]:
    """What is not as it was published, one sentence each.

    Args:
        boards: where notes are.
        publication: to check.
        signer: whose signature the note must have; None where none is configured.
    """
    if not is_name(publication.name):
        return [f"{publication.directory} does not have the name of a publication."]
    if unlike := _of_note(boards, publication, signer):
        return [unlike]
    try:
        return list(_of_files(publication))
    except IntegrityError as error:
        return [error.message]


def require_whole(boards: Path, publication: Publication, signer: Signer | None) -> None:
    """Refuse a publication that is not what was published.

    Raises:
        IntegrityError: names what was changed.
    """
    if found := findings(boards, publication, signer):
        message = f"Publication {publication.name[:12]}: {' '.join(found)}"
        raise IntegrityError(message, remedy=AGAIN)


def _notes(boards: Path, publication: Publication) -> tuple[Path, Path]:
    directory = boards / publication.release_id / NOTES
    return directory / f"{publication.name}.json", directory / f"{publication.name}.dsse.json"


def _manifest_hash(publication: Publication) -> str:
    return hashlib.sha256((publication.directory / MANIFEST_FILE).read_bytes()).hexdigest()


def _of_note(boards: Path, publication: Publication, signer: Signer | None) -> str | None:
    """What is wrong with the note or, by it, with the manifest; None for nothing."""
    path, envelope = _notes(boards, publication)
    try:
        content = path.read_bytes()
        said = parse_object(content)
        [named] = said["subject"]
        wanted, name = named["digest"]["sha256"], said["predicate"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return "Nothing in boards/ says that it was published here."
    if name != publication.name:
        return f"{path.name} in boards/ is about another publication."
    if signer is not None and not signer.has_signed(content, envelope):
        return f"{path.name} in boards/ is not signed by the key that releases are signed with."
    try:
        if _manifest_hash(publication) != wanted:
            return f"{MANIFEST_FILE} was changed since it was published."
    except OSError as error:
        return f"{MANIFEST_FILE} cannot be read: {error.strerror}."
    return None


def _of_files(publication: Publication) -> Iterator[str]:
    manifest = publication.manifest
    files = [*manifest["files"], *(file for table in manifest["tables"] for file in table["files"])]
    named = {file["name"]: file["sha256"] for file in files}
    for name, sha256 in sorted(named.items()):
        path = publication.directory / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}."
            continue
        if found != sha256:
            yield f"{name} was changed since it was published."
    for path in sorted(publication.directory.iterdir()):
        if path.name not in {*named, MANIFEST_FILE}:
            yield f"{path.name} was not published."
