"""The vault of a log is the one it was: what of its keys the log can check.

The first commit of a load records a check value of each key, bound to the log's FORMAT. A key that
was lost, changed or taken from another vault would give the same people new pseudonyms, and each
vote of theirs a second entry. A tree changes whenever somebody is erased, but a secret that nobody
has stays what it was: the check value is of the secret of a name that is no pseudonym.

An old copy of the vault passes that check and still has the secrets of people who were erased
since. Of `seals.tree` the log says whose secrets must be gone; of `links.tree` it says how many.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.errors import IntegrityError
from ingestion.log.event_log import EventLog
from ingestion.log.reader import register
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.links import LINKS
from ingestion.subjects.pseudonyms import KEY_FILE, Pseudonymiser
from ingestion.subjects.seals import SEALS, Seals
from ingestion.vocabulary import EventType

RECORDED = "vault"
"""The field of a commit's producer that has the check values."""
ERASURE_BATCH = "erasure-"
_PURPOSE = "demoscope vault check"
_DIGITS = 32
_TREES = (LINKS, SEALS)
KEYS = (KEY_FILE, *_TREES)
RESTORE = "Restore the vault from its backup: demoscope vault restore FILE --replace"
AGAIN = (
    "If an erasure was cut off, give the same `demoscope log erase` command again. If an old vault"
    " was put back, restore a newer one (demoscope vault restore FILE --replace), or erase each of"
    " them again, which cuts the links anew: demoscope log erase ID --source NAME --yes"
)


def require_vault(
    log: EventLog, vault: Path, *, may_be_unfinished: bool = False
) -> dict[str, object]:
    """Check the keys before they are used; make them in a new warehouse.

    Args:
        log: where the keys' check values are.
        vault: the keys.
        may_be_unfinished: people who were erased may still be there: an erasure ends what was cut
            off, and a search takes nothing from the keys.

    Returns:
        What the producer of the next commit must say: the check values, unless the log has them.

    Raises:
        IntegrityError: a key is missing, damaged or another one, or people who were erased are
            not; the message names the file and the way back.
    """
    for damage in damages(log, vault, may_be_unfinished=may_be_unfinished):
        raise damage
    if _recorded(log) is not None:
        return {}
    Pseudonymiser.open(vault)
    for tree in _TREES:
        KeyTree.open(vault / tree, is_made=True)
    return {RECORDED: {name: _check_value(log, vault, name) for name in KEYS}}


def require_seals(log: EventLog, vault: Path) -> Seals:
    """The tree that sealed answers are read with: the log's own, without those who were erased.

    Raises:
        IntegrityError: as `require_vault`, of this one file.
    """
    for damage in _of_file(log, vault, SEALS):
        raise damage
    for damage in _of_seals(vault, erased_subjects(log)):
        raise damage
    return Seals.open(vault)


def damages(
    log: EventLog, vault: Path, *, may_be_unfinished: bool = False
) -> Iterator[IntegrityError]:
    """Everything that is wrong with the keys; a whole key is needed to look at what it holds."""
    is_whole = True
    for name in KEYS:
        for damage in _of_file(log, vault, name):
            is_whole = False
            yield damage
    if is_whole and not may_be_unfinished and (erased := erased_subjects(log)):
        yield from _of_seals(vault, erased)
        yield from _of_links(vault, len(erased))


def erased_subjects(log: EventLog) -> list[str]:
    """Pseudonyms that an erasure of this program has erased; sorted."""
    if not log.has_events_of(EventType.SUBJECT_ERASED):
        return []
    with duckdb.connect() as connection:
        register(connection, log, log.head_seq)
        query = "SELECT DISTINCT subject_id, commit_seq FROM raw.subject_erased"
        found = connection.execute(query).fetchall()
    return sorted(
        {name for name, seq in found if log.commit(seq).batch_id.startswith(ERASURE_BATCH)}
    )


def _of_file(log: EventLog, vault: Path, name: str) -> Iterator[IntegrityError]:
    """What is wrong with one key by itself."""
    path = vault / name
    recorded = _recorded(log)
    if not path.exists():
        if log.head_seq:
            yield IntegrityError(
                f"{path} is missing, but the log has events under it: with another one the same"
                " people would be counted twice.",
                remedy=RESTORE,
            )
        return
    try:
        value = _check_value(log, vault, name)
    except IntegrityError as error:
        yield IntegrityError(error.message, remedy=RESTORE)
        return
    except OSError as error:
        yield IntegrityError(f"{path} cannot be read: {error.strerror}.", remedy=RESTORE)
        return
    if recorded is not None and recorded.get(name) != value:
        yield IntegrityError(
            f"{path} is not the one this log was written under: it was changed, or it is another"
            " vault's.",
            remedy=RESTORE,
        )


def _of_seals(vault: Path, erased: list[str]) -> Iterator[IntegrityError]:
    secrets = Seals.open(vault).tree.column(pa.array(erased, pa.string()))
    if left := len(erased) - secrets.null_count:
        message = f"{vault / SEALS} still has the secrets of {left} of {len(erased)} people whom"
        yield IntegrityError(f"{message} the log says were erased.", remedy=AGAIN)


def _of_links(vault: Path, erased: int) -> Iterator[IntegrityError]:
    gone = KeyTree.open(vault / LINKS, is_made=False).destroyed_count()
    if gone < erased:
        message = f"{vault / LINKS} still links {erased - gone} of {erased} people whom"
        yield IntegrityError(f"{message} the log says were erased.", remedy=AGAIN)


def _recorded(log: EventLog) -> Mapping[str, str] | None:
    """The check values of the log; None in one that is older than them."""
    commit = log.first_saying(f'"{RECORDED}":{{')
    said = None if commit is None else dict(commit.producer).get(RECORDED)
    return said if isinstance(said, dict) else None


def _check_value(log: EventLog, vault: Path, name: str) -> str:
    """What a key gives for a name that nobody has, in this log.

    Raises:
        IntegrityError: the key is damaged.
    """
    if name == KEY_FILE:
        key = Pseudonymiser.open(vault)
        return key.text(_PURPOSE, log.origin.sha256, name)
    secret = KeyTree.open(vault / name, is_made=False).secret(_PURPOSE)
    parts = [_PURPOSE, log.origin.sha256, name, secret.hex()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]
