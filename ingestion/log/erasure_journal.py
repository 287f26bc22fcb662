"""Erasures that were begun and are not done: one small file each in the vault.

It is written before anything is destroyed, and destroyed after everything is, so an erasure that
was cut off at any step is known to be so, and how far it was meant to go. It names the person as
`links.tree` does, by a keyed hash: from the id that somebody gives again the file is found, from
the file nobody finds the id.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.errors import IntegrityError, UsageError
from ingestion.json_object import parse_object
from ingestion.log.durable import destroy, fsync_directory, write_durably

BEGINNING, END = "erasure-", ".json"
UNFINISHED = ".partial"


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What an erasure is to do.

    Args:
        source: whose id the participant has.
        level: 1 or 2.
        is_retracted: whether every event of theirs is retracted.
        begun_at: when it was begun first; ISO 8601, UTC.
    """

    source: str
    level: int
    is_retracted: bool
    begun_at: str


def unfinished(vault: Path) -> dict[str, Intent]:
    """Erasures that are not done, by the hash that names the person.

    Raises:
        IntegrityError: a file of the journal is damaged.
    """
    found = {}
    for path in sorted(vault.glob(f"{BEGINNING}*{END}")):
        name = path.name.removeprefix(BEGINNING).removesuffix(END)
        try:
            found[name] = Intent(**parse_object(path.read_bytes()))
        except (ValueError, TypeError) as error:
            message = f"{path} is damaged: an erasure was begun, and nobody knows how far it went."
            remedy = "Delete the file and give the `demoscope log erase` command again."
            raise IntegrityError(message, remedy=remedy) from error
    return found


def begin(vault: Path, name: str, intent: Intent) -> None:
    """Note an erasure before it begins; one that was begun may go on further than it was meant.

    Raises:
        UsageError: it was to do more when it was begun.
    """
    before = unfinished(vault).get(name)
    if before is not None and _strength(before) > _strength(intent):
        options = f"--level {before.level}" + (" --retract" if before.is_retracted else "")
        message = f"This erasure was begun as {options} on {before.begun_at}, and is not done."
        raise UsageError(message, remedy=f"Finish it first: give the command with {options}.")
    if before is not None and _strength(before) == _strength(intent):
        return
    path = _path(vault, name)
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    temporary.unlink(missing_ok=True)
    write_durably(temporary, json.dumps(asdict(intent), allow_nan=False).encode(), 0o600)
    temporary.replace(path)
    fsync_directory(vault)


def finish(vault: Path, name: str) -> None:
    """Note that an erasure is done."""
    destroy(_path(vault, name))


def _path(vault: Path, name: str) -> Path:
    return vault / f"{BEGINNING}{name}{END}"


def _strength(intent: Intent) -> tuple[int, bool]:
    return intent.level, intent.is_retracted
