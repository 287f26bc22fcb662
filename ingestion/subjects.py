"""The link from a person to a pseudonym, made so that it can be cut.

Every native participant id has a secret of its own (`vault/links.tree`), mixed into the id before
it is hashed: with the secret gone the pseudonym cannot be computed any more, not even by who has
the id and the pseudonym key. An event id that is nothing but a participant's id is treated alike.

What stays out: what participants said of themselves (seals.py), erasing them (log/erasure.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contract import Contract
from ingestion.errors import BusyError
from ingestion.key_tree import DestroyedError, KeyTree
from ingestion.pseudonyms import Pseudonymiser

LINKS, LOCK = "links.tree", "subjects.lock"
SEPARATOR = "\0"
PIECE_ROWS = 50_000


@contextmanager
def vault_lock(vault: Path, *, is_exclusive: bool) -> Iterator[None]:
    """Loads share the vault; an erasure has it alone.

    Raises:
        BusyError: whoever asks would have to wait.
    """
    vault.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(vault / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            kind = fcntl.LOCK_EX if is_exclusive else fcntl.LOCK_SH
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{vault} is in use by " + ("a load." if is_exclusive else "an erasure.")
            raise BusyError(message, remedy="Wait for it to end, then try again.") from error
        yield
    finally:
        os.close(descriptor)


class Links:
    """From native participant ids to what is hashed in their place."""

    def __init__(self, tree: KeyTree, pseudonyms: Pseudonymiser) -> None:
        self.tree = tree
        self._pseudonyms = pseudonyms

    @classmethod
    def open(cls, vault: Path, pseudonyms: Pseudonymiser) -> Links:
        """Read the vault's tree; make one on first use."""
        return cls(KeyTree.open(vault / LINKS, is_made=True), pseudonyms)

    def name(self, source: str, native_id: str) -> str:
        """What the tree knows a person by."""
        return self._pseudonyms.text("link", source, native_id)

    def bound(self, source: str, native_id: str) -> str | None:
        """The id with its secret; None where the secret was destroyed."""
        try:
            secret = self.tree.secret(self.name(source, native_id))
        except DestroyedError:
            return None
        return f"{native_id}{SEPARATOR}{secret.hex()}"

    def bind(self, contract: Contract, native: pa.Table) -> tuple[pa.Table, pa.Array]:
        """Mix secrets into the participants' ids, and into event ids that are nothing else.

        Args:
            contract: the rows' contract.
            native: log columns by name, ids still native.

        Returns:
            The table with `subject_id`, and where need be `event_id`, replaced; and per row,
            whether its participant was erased: such a row must not go any further.
        """
        subjects = text_of(native, "subject_id")
        if subjects.null_count == len(subjects):
            return native, pa.repeat(pa.scalar(False), len(subjects))
        sources = text_of(native, "source")
        bound = self._column(sources, subjects)
        is_erased = pc.and_(pc.is_valid(subjects), pc.is_null(bound))
        index = native.column_names.index("subject_id")
        table = native.set_column(index, "subject_id", bound)
        if contract.is_subject_required:
            events = text_of(native, "event_id")
            is_own = pc.fill_null(pc.equal(events, subjects), False)
            if pc.any(is_own).as_py():
                index = native.column_names.index("event_id")
                table = table.set_column(index, "event_id", pc.if_else(is_own, bound, events))
        return table, is_erased

    def _column(self, sources: pa.Array, subjects: pa.Array) -> pa.Array:
        bound = pa.nulls(len(subjects), pa.string())
        distinct = sources.unique().to_pylist()
        for source in distinct:
            is_here = pc.equal(sources, source) if len(distinct) > 1 else None
            own = subjects if is_here is None else pc.if_else(is_here, subjects, None)
            coded = own.dictionary_encode()
            taken = self._bound_all(source, coded.dictionary).take(coded.indices)
            bound = taken if is_here is None else pc.if_else(is_here, taken, bound)
        return bound

    def _bound_all(self, source: str, native_ids: pa.Array) -> pa.Array:
        """As `bound`, of distinct ids."""
        secrets = self.tree.column(self._pseudonyms.column(native_ids, "link", source))
        # In pieces: as Python's objects a million secrets take hundreds of megabytes.
        starts = range(0, len(secrets), PIECE_ROWS)
        pieces = [_digits_of(secrets.slice(start, PIECE_ROWS)) for start in starts]
        digits = pa.chunked_array(pieces, pa.string()).combine_chunks()
        return pc.binary_join_element_wise(native_ids, digits, SEPARATOR)


class Identities:
    """The ids under which the log knows what has a native id; of one person, not of columns."""

    def __init__(self, pseudonyms: Pseudonymiser, links: Links) -> None:
        self.links = links
        self.pseudonyms = pseudonyms

    @classmethod
    def open(cls, vault: Path) -> Identities:
        """Read the vault's keys; make them on first use."""
        pseudonyms = Pseudonymiser.open(vault)
        return cls(pseudonyms, Links.open(vault, pseudonyms))

    def subject_id(self, source: str, native_id: str) -> str | None:
        """Pseudonym of a participant; None where the participant was erased."""
        bound = self.links.bound(source, native_id)
        return None if bound is None else self.pseudonyms.text("subject_id", source, bound)

    def event_ids(self, source: str, event_type: str, native_id: str) -> list[str]:
        """What an event's id may begin with: it may be a participant's own id, or not."""
        forms = [native_id, self.links.bound(source, native_id)]
        return [
            self.pseudonyms.text("event_id", source, event_type, form)
            for form in forms
            if form is not None
        ]


def _digits_of(secrets: pa.Array) -> pa.Array:
    digits = [None if secret is None else secret.hex() for secret in secrets.to_pylist()]
    return pa.array(digits, pa.string())


def text_of(table: pa.Table, name: str) -> pa.Array:
    """A text column in one piece, dictionary-encoded or not."""
    values = table.column(name).combine_chunks()
    return values if pa.types.is_string(values.type) else values.cast(pa.string())
