"""The vault in one file, and back.

The file is one line of RFC 8785 JSON: `format`, `version`, `origin` of the log, the keys by file
name in base64, and `sha256` of the JSON without that field. Anybody who has it can link the log to
people, so it is its owner's alone (0600), and it should go when somebody is erased.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.json_object import parse_object
from ingestion.log import EventLog
from ingestion.log import checkpoint as checkpoints
from ingestion.log.durable import (
    create_secret,
    explained,
    fsync_directory,
    replace_secret,
    write_durably,
)
from ingestion.log.vault_binding import KEYS, damages, erased_subjects, require_vault
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.links import LINKS, vault_lock
from ingestion.subjects.seals import SEALS, Seals
from publishing.boards import statement

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.paths import Home

FORMAT, VERSION = "demoscope vault backup", 1
NAMES = (*KEYS, checkpoints.KEY_FILE, statement.KEY_FILE)
SECRET_MODE = 0o600
TRIAL = "restoring"
"""Where the keys of a backup are while they are checked."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore did.

    Args:
        names: the keys of the backup.
        linked: how many people the log says were erased can be linked again by this old vault.
    """

    names: list[str]
    linked: int


def back_up(home: Home, path: Path) -> list[str]:
    """Write every key of the vault into a new file of its owner's alone.

    Returns:
        The names of the keys.

    Raises:
        UsageError: the file is there already.
        NotFoundError: there is no vault yet.
        IntegrityError: the vault is not the log's: a backup of it would be worth nothing.
    """
    if path.exists():
        raise UsageError(f"{path} is there already; it was left as it is.", remedy="Name another.")
    if not any((home.vault / name).exists() for name in KEYS):
        raise NotFoundError(f"{home.vault} has no keys yet: the first ingest makes them.")
    with vault_lock(home.vault, is_exclusive=False):
        log = EventLog.open(home.log)
        require_vault(log, home.vault)
        found = {
            name: base64.b64encode((home.vault / name).read_bytes()).decode()
            for name in NAMES
            if (home.vault / name).exists()
        }
    said = {"format": FORMAT, "version": VERSION, "origin": log.origin.name, "keys": found}
    with explained("Writing", path):
        write_durably(path, _sealed(said), SECRET_MODE)
        fsync_directory(path.parent)
    return sorted(found)


def restore(home: Home, path: Path, *, is_replacing: bool = False) -> Restored:
    """Put the keys of a backup back, once they are known to be this log's.

    Answers of people who were erased since the backup stay unreadable: their secrets are destroyed
    again. Their links can't be found without their own ids: `linked` says of how many.

    Args:
        home: the warehouse.
        path: the backup.
        is_replacing: overwrite keys that differ, for good.

    Raises:
        UsageError: the vault is whole, or has keys that differ and must not be replaced.
        NotFoundError: there is no such file.
        IntegrityError: the file is no backup, a damaged one, or of another log's vault.
    """
    keys = _read(path)
    with vault_lock(home.vault, is_exclusive=True):
        log = EventLog.open(home.log)
        is_whole = next(damages(log, home.vault), None) is None and _has_keys(home.vault)
        # Of a whole vault only what it signs with may be missing: a backup that is older than the
        # first checkpoint has been put back.
        wanted = _signing(home.vault, keys) if is_whole else keys
        if not wanted:
            message = f"{home.vault} is whole: there is nothing to restore."
            raise UsageError(message, remedy="If you want another vault there, move it away first.")
        _require_ours(log, home.vault, path, keys)
        keys = wanted
        if not is_replacing:
            _require_absent(home.vault, keys)
        for name, content in keys.items():
            _put(home.vault / name, content)
        erased = erased_subjects(log)
        _destroy_again(home.vault, erased)
        gone = KeyTree.open(home.vault / LINKS, is_made=False).destroyed_count()
    return Restored(names=sorted(keys), linked=max(0, len(erased) - gone))


def _signing(vault: Path, keys: dict[str, bytes]) -> dict[str, bytes]:
    """The keys of a backup that sign and are not in the vault as they are in it."""
    return {
        name: content
        for name, content in keys.items()
        if name not in KEYS
        and not ((vault / name).exists() and (vault / name).read_bytes() == content)
    }


def _has_keys(vault: Path) -> bool:
    return all((vault / name).exists() for name in KEYS)


def _require_ours(log: EventLog, vault: Path, path: Path, keys: dict[str, bytes]) -> None:
    """Check the keys of a backup where nobody takes them for the vault's."""
    trial = vault / TRIAL
    try:
        for name, content in keys.items():
            (trial / name).unlink(missing_ok=True)
            create_secret(trial / name, content)
        # What was erased since is destroyed again after they are put back.
        for damage in damages(log, trial, may_be_unfinished=True):
            said = damage.message.replace(f"{trial}/", f"{path}: ")
            raise IntegrityError(said, remedy="Use a backup of this warehouse's vault.")
    finally:
        for name in keys:
            (trial / name).unlink(missing_ok=True)
        trial.rmdir()


def _require_absent(vault: Path, keys: dict[str, bytes]) -> None:
    for name, content in keys.items():
        path = vault / name
        if path.exists() and path.read_bytes() != content:
            raise UsageError(
                f"{path} differs from the backup; nothing was changed.",
                remedy="Add --replace to overwrite it for good, or move it away first.",
            )


def _put(path: Path, content: bytes) -> None:
    if not path.exists():
        create_secret(path, content)
    elif path.read_bytes() != content:
        replace_secret(path, content)


def _destroy_again(vault: Path, erased: list[str]) -> None:
    seals = Seals.open(vault).tree
    before = seals.destroyed_count()
    for subject_id in erased:
        seals.destroy(subject_id)
    if seals.destroyed_count() != before:
        seals.replace(vault / SEALS)


def _read(path: Path) -> dict[str, bytes]:
    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    content = path.read_bytes()
    try:
        said = parse_object(content)
        is_whole = (said["format"], said["version"]) == (FORMAT, VERSION) and (
            _sealed(said) == content
        )
        keys = {name: base64.b64decode(text) for name, text in said["keys"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole, keys = False, {}
    if not is_whole:
        message = f"{path} is no backup of a vault, or a damaged one."
        raise IntegrityError(message, remedy="Use another backup.")
    return {name: key for name, key in keys.items() if name in NAMES}


def _sealed(said: dict[str, Any]) -> bytes:
    body = {key: value for key, value in said.items() if key != "sha256"}
    sha256 = hashlib.sha256(rfc8785.dumps(body)).hexdigest()
    return rfc8785.dumps({**body, "sha256": sha256}) + b"\n"
