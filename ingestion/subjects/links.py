"""The link from a person to a pseudonym, made so that it can be cut.

Every native participant id has a secret of its own (`vault/links.tree`), mixed into the id before
it is hashed: with the secret gone the pseudonym cannot be computed any more, not even by who has
the id and the pseudonym key. An event id that is nothing but a participant's id is treated alike.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Contract
from ingestion.digests import bytes_of, hexadecimal
from ingestion.errors import BusyError
from ingestion.subjects.key_tree import DestroyedError, KeyTree
from ingestion.subjects.pseudonyms import Pseudonymiser, by_source, coded, whose

LINKS, LOCK = "links.tree", "subjects.lock"
SEPARATOR = "\0"
SHARED_TRIES, PAUSE = 20, 0.05


@contextmanager
def vault_lock(vault: Path, *, is_exclusive: bool) -> Iterator[None]:
    """Loads share the vault; an erasure has it alone.

    Raises:
        BusyError: another process has it; trying again later is right.
    """
    vault.mkdir(parents=True, exist_ok=True, mode=0o700)
    # In a read-only copy no lock can be made, but one that is there can be shared.
    is_read = not is_exclusive and not os.access(vault, os.W_OK) and (vault / LOCK).exists()
    how = os.O_RDONLY if is_read else os.O_RDWR | os.O_CREAT
    descriptor = os.open(vault / LOCK, how, 0o600)
    try:
        kind = fcntl.LOCK_EX if is_exclusive else fcntl.LOCK_SH
        # Who has it alone for a moment only clears up.
        tries = 1 if is_exclusive else SHARED_TRIES
        while not _is_locked(descriptor, kind):
            tries -= 1
            if not tries:
                message = f"{vault} is in use by " + ("a load." if is_exclusive else "an erasure.")
                raise BusyError(message, remedy="Wait for it to end, then try again.")
            time.sleep(PAUSE)
        yield
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Identities:
    """The ids under which the log knows what has a native id."""

    def __init__(self, links: KeyTree, pseudonyms: Pseudonymiser) -> None:
        self.links, self.pseudonyms = links, pseudonyms

    @classmethod
    def open(cls, vault: Path) -> Identities:
        """Read the vault's keys; make them on first use."""
        pseudonyms = Pseudonymiser.open(vault)
        return cls(KeyTree.open(vault / LINKS, is_made=True), pseudonyms)

    def subject_id(self, source: str, native_id: str) -> str | None:
        """Pseudonym of a participant; None where the participant was erased."""
        bound = self._bound(source, native_id)
        return None if bound is None else self.pseudonyms.text("subject_id", source, bound)

    def event_ids(self, source: str, event_type: str, native_id: str) -> list[str]:
        """What an event's id may begin with: it may be a participant's own id, or not."""
        return [
            self.pseudonyms.text("event_id", source, event_type, form)
            for form in (native_id, self._bound(source, native_id))
            if form is not None
        ]

    def bind(
        self, contract: Contract, native: pa.Table, participants_of: str | None = None
    ) -> tuple[pa.Table, pa.Array]:
        """Mix secrets into the participants' ids, and into event ids that are nothing else.

        Args:
            contract: the rows' contract.
            native: log columns by name, ids still native.
            participants_of: the source whose ids the participants' are; None: each row's own.

        Returns:
            The table with `subject_id`, and where need be `event_id`, replaced; and per row,
            whether its participant was erased: such a row must not go any further.
        """
        subjects = coded(native["subject_id"])
        if subjects.null_count == len(subjects):
            return native, pa.repeat(pa.scalar(False), len(subjects))
        bound = by_source(whose(native["source"], participants_of), subjects, self.bound_all)
        is_erased = pc.and_(pc.is_valid(subjects), pc.is_null(bound))
        table = _with(native, "subject_id", bound)
        if contract.is_subject_required:
            events = native["event_id"].combine_chunks()
            is_own = pc.fill_null(pc.equal(events, subjects.dictionary_decode()), False)
            if pc.any(is_own).as_py():
                own = pc.if_else(is_own, bound.dictionary_decode(), events)
                table = _with(table, "event_id", own)
        return table, is_erased

    def are_erased(
        self, sources: pa.Array, native_ids: pa.Array, participants_of: str | None = None
    ) -> pa.Array:
        """Of each id whether its participant was erased; of null, that none was.

        Args:
            sources: whose id each is.
            native_ids: the ids.
            participants_of: the source whose ids they are; None: each row's own.
        """
        people = coded(native_ids)
        if people.null_count == len(people):
            return pa.repeat(pa.scalar(False), len(people))
        bound = by_source(
            whose(pa.chunked_array([sources]), participants_of), people, self.bound_all
        )
        return pc.and_(pc.is_valid(people), pc.is_null(bound))

    def cut(self, vault: Path, source: str, native_id: str) -> None:
        """Destroy a person's secret, durably: their pseudonym cannot be computed any more."""
        self.links.destroy(self.name_of(source, native_id))
        self.links.replace(vault / LINKS)

    def name_of(self, source: str, native_id: str) -> str:
        """What the tree knows a person by."""
        return self.pseudonyms.text("link", source, native_id)

    def _bound(self, source: str, native_id: str) -> str | None:
        """The id with its secret; None where the secret was destroyed."""
        try:
            secret = self.links.secret(self.name_of(source, native_id))
        except DestroyedError:
            return None
        return f"{native_id}{SEPARATOR}{secret.hex()}"

    def bound_all(self, source: str, native_ids: pa.Array) -> pa.Array:
        """Distinct ids with their secrets; null where the secret was destroyed."""
        secrets = self.links.column(self.pseudonyms.distinct(native_ids, "link", source))
        digits = pc.if_else(secrets.is_valid(), hexadecimal(bytes_of(secrets)), None)
        return pc.binary_join_element_wise(native_ids, digits, SEPARATOR)


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)
