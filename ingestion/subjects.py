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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.codes import code_text, in_one_piece, texts_of
from ingestion.contracts import Contract
from ingestion.errors import BusyError
from ingestion.key_tree import DestroyedError, KeyTree
from ingestion.pseudonyms import Pseudonymiser

LINKS, LOCK = "links.tree", "subjects.lock"
SEPARATOR = "\0"
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


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
        columns = code_text(native.select(["subject_id", "source", "event_id"]))
        subjects, sources, events = (column.chunk(0) for column in columns.columns)
        if subjects.null_count == len(subjects):
            return native, pa.repeat(pa.scalar(False), len(subjects))
        bound = self._column(sources, subjects)
        is_erased = pc.and_(pc.is_valid(subjects), pc.is_null(bound))
        index = native.column_names.index("subject_id")
        table = native.set_column(index, "subject_id", bound)
        if contract.is_subject_required:
            ids = texts_of(events)
            is_own = pc.fill_null(pc.equal(ids, texts_of(subjects)), False)
            if pc.any(is_own).as_py():
                index = native.column_names.index("event_id")
                own = pc.if_else(is_own, texts_of(bound), ids)
                table = table.set_column(index, "event_id", own)
        return table, is_erased

    def _column(self, sources: pa.DictionaryArray, subjects: pa.DictionaryArray) -> pa.Array:
        distinct = sources.unique().to_pylist()
        if len(distinct) == 1:
            secret = self._bound_all(distinct[0], subjects.dictionary)
            if not secret.null_count:
                return pa.DictionaryArray.from_arrays(subjects.indices, secret)
            # A code for null would be a value to whoever asks what is null.
            return secret.take(subjects.indices).dictionary_encode()
        texts, bound = texts_of(subjects), pa.nulls(len(subjects), pa.string())
        for source in distinct:
            is_here = pc.equal(sources, source)
            own = pc.if_else(is_here, texts, None).dictionary_encode()
            taken = self._bound_all(source, own.dictionary).take(own.indices)
            bound = pc.if_else(is_here, taken, bound)
        return bound.dictionary_encode()

    def _bound_all(self, source: str, native_ids: pa.Array) -> pa.Array:
        """As `bound`, of distinct ids."""
        secrets = self.tree.column(self._pseudonyms.distinct(native_ids, "link", source))
        return pc.binary_join_element_wise(native_ids, _digits_of(secrets), SEPARATOR)


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
    """Fixed-size binary as hexadecimal text."""
    width, count = secrets.type.byte_width, len(secrets)
    validity, content = secrets.buffers()
    values = np.frombuffer(content, np.uint8)[secrets.offset * width :][: count * width]
    digits = np.stack([_HEX[values >> 4], _HEX[values & 15]], axis=1)
    places = np.arange(0, 2 * width * (count + 1), 2 * width, dtype=np.int32)
    text = [None, pa.py_buffer(places), pa.py_buffer(digits)]
    whole = pa.Array.from_buffers(pa.string(), count, text)
    return pc.if_else(secrets.is_valid(), whole, None) if validity is not None else whole


def text_of(table: pa.Table, name: str) -> pa.Array:
    """A text column in one piece, dictionary-encoded or not."""
    return texts_of(in_one_piece(table.column(name)))
