"""Keyed hashes: the only form in which a person, or an id that may name one, enters the log.

A pseudonym is the first 128 bits of SHA-256(key block || text), in hexadecimal. The key block is 64
bytes, one block of SHA-256, made of a key that lives in the vault. The text is a purpose and a
scope, each part ended by a zero byte, then the value, so no two lists of parts give the same text.
docs/event-log.md says why a plain prefix is enough here. Without the vault nothing in the log can
be linked to a person.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.digests import bytes_of, hexadecimal, sha256_each
from ingestion.errors import IntegrityError
from ingestion.log.durable import create_secret

KEY_FILE = "pseudonym.key"
KEY_BYTES = 32
DIGEST_BYTES = 16


class Pseudonymiser:
    """Hashes ids under one key."""

    def __init__(self, key: bytes) -> None:
        self._block = hashlib.sha512(key).digest()

    @classmethod
    def open(cls, vault: Path) -> Pseudonymiser:
        """Use the vault's key; make one, readable by its owner alone, on first use.

        Raises:
            IntegrityError: the key file is there but is not a key.
        """
        path = vault / KEY_FILE
        if not path.exists():
            create_secret(path, secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            message = f"{path} holds {len(key)} bytes where a key of {KEY_BYTES} is expected."
            raise IntegrityError(message, remedy="Restore the vault from its backup.")
        return cls(key)

    def text(self, purpose: str, *parts: str) -> str:
        """Pseudonym of one value."""
        message = self._prefix(purpose, *parts[:-1]) + parts[-1].encode()
        return hashlib.sha256(message).hexdigest()[: 2 * DIGEST_BYTES]

    def column(
        self, values: pa.ChunkedArray, sources: pa.ChunkedArray, purpose: str, *scope: str
    ) -> pa.DictionaryArray:
        """Pseudonyms of a column of values, within the source of each and the further scope."""

        def change(source: str, distinct: pa.Array) -> pa.Array:
            return self.distinct(distinct, purpose, source, *scope)

        return by_source(sources, coded(values), change)

    def distinct(self, values: pa.Array, purpose: str, *scope: str) -> pa.Array:
        """Pseudonyms of values of which each is there once, none of them null.

        Args:
            values: native values.
            purpose: what kind of id it is; the same value has another pseudonym under another.
            scope: what the id is unique within: source, event type.
        """
        digests = bytes_of(sha256_each(self._prefix(purpose, *scope), values))
        return hexadecimal(digests[:, :DIGEST_BYTES])

    def _prefix(self, *parts: str) -> bytes:
        return self._block + "".join(f"{part}\0" for part in parts).encode()


def coded(values: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """A text column in one piece, each distinct text once."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    return values.dictionary_encode()


def by_source(
    sources: pa.ChunkedArray | pa.Array,
    values: pa.DictionaryArray,
    change: Callable[[str, pa.Array], pa.Array],
) -> pa.DictionaryArray:
    """Change ids within each source: two sources may use the same id for two people.

    Args:
        sources: whose id each is.
        values: the ids.
        change: of a source and distinct ids of it; null for an id that is not to be had.
    """
    distinct = sources.unique().to_pylist()
    if len(distinct) == 1:
        changed = change(distinct[0], values.dictionary)
        if not changed.null_count:
            return pa.DictionaryArray.from_arrays(values.indices, changed)
        # A code for null would not count as null.
        return changed.take(values.indices).dictionary_encode()
    texts, whole = values.dictionary_decode(), pa.nulls(len(values), pa.string())
    for source in distinct:
        is_here = pc.equal(sources, source)
        if isinstance(is_here, pa.ChunkedArray):
            is_here = is_here.combine_chunks()
        own = pc.if_else(is_here, texts, pa.scalar(None, pa.string())).dictionary_encode()
        whole = pc.if_else(is_here, change(source, own.dictionary).take(own.indices), whole)
    return whole.dictionary_encode()


def whose(sources: pa.ChunkedArray, participants_of: str | None) -> pa.ChunkedArray:
    """The source that each row's participant id is of: the rows' own, or one for all."""
    if participants_of is None:
        return sources
    return pa.chunked_array([pa.repeat(pa.scalar(participants_of, pa.string()), len(sources))])
