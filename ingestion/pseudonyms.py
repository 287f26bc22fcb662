"""Keyed hashes: the only form in which a person, or an id that may name one, enters the log.

HMAC-SHA-256 (RFC 2104) under a key that lives in the vault, truncated to 128 bits, in hexadecimal.
Every message is a purpose and a scope, each part ended by a zero byte, then the value, so no two
lists of parts give the same message. The two hash states that depend on the key and the scope alone
are computed once per column: 0.8 us a value where `hmac` takes 2. Long columns are compiled work
(hmac_column.py). Without the vault nothing in the log can be linked to a person.

What stays out: which columns are pseudonyms (contracts.py) and erasing a subject (log/).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_FILE = "pseudonym.key"
KEY_BYTES = 32
DIGEST_BYTES = 16
# From so many distinct values on, loading the compiled loop pays.
MANY = 20_000


class Pseudonymiser:
    """Hashes columns under one key, each distinct value once."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner_pad = bytes(byte ^ 0x36 for byte in padded)
        self._outer_pad = bytes(byte ^ 0x5C for byte in padded)
        self._inner = hashlib.sha256(self._inner_pad)
        self._outer = hashlib.sha256(self._outer_pad)

    @classmethod
    def open(cls, vault: Path) -> Pseudonymiser:
        """Use the vault's key; make one, readable by its owner alone, on first use.

        Raises:
            IntegrityError: the key file is there but is not a key.
        """
        path = vault / KEY_FILE
        if not path.exists():
            _create_key(path)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            message = f"{path} holds {len(key)} bytes where a key of {KEY_BYTES} is expected."
            raise IntegrityError(message, remedy="Restore the vault from its backup.")
        return cls(key)

    def text(self, purpose: str, *parts: str) -> str:
        """Pseudonym of one value."""
        return self._hasher(purpose, *parts[:-1])(parts[-1])

    def column(self, values: pa.ChunkedArray | pa.Array, purpose: str, *scope: str) -> pa.Array:
        """Pseudonyms of a text column, null where it is null.

        Args:
            values: native values.
            purpose: what kind of id it is; the same value has another pseudonym under another.
            scope: what the id is unique within: source, event type.
        """
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if pa.types.is_null(values.type):
            return pa.nulls(len(values), pa.string())
        encoded = values.dictionary_encode()
        return self.distinct(encoded.dictionary, purpose, *scope).take(encoded.indices)

    def distinct(self, values: pa.Array, purpose: str, *scope: str) -> pa.Array:
        """The same of values of which each is there once, none of them null."""
        if len(values) >= MANY:
            return self._many(values, purpose, *scope)
        hasher = self._hasher(purpose, *scope)
        return pa.array([hasher(value) for value in values.to_pylist()], pa.string())

    def _many(self, values: pa.Array, purpose: str, *scope: str) -> pa.Array:
        from ingestion.hmac_column import hmac_column

        inner = self._inner_pad + _prefix(purpose, *scope)
        hashed = hmac_column(values, inner, self._outer_pad, 2 * DIGEST_BYTES)
        if hashed[0].as_py() != self.text(purpose, *scope, values[0].as_py()):
            raise IntegrityError(
                "The compiled HMAC disagrees with the standard library's; nothing was loaded.",
                remedy="Delete numba's cache (NUMBA_CACHE_DIR, __pycache__) and load again.",
            )
        return hashed

    def _hasher(self, purpose: str, *scope: str) -> Callable[[str], str]:
        scoped = self._inner.copy()
        scoped.update(_prefix(purpose, *scope))
        inner_of, outer_of = scoped.copy, self._outer.copy

        def digest(value: str) -> str:
            inner = inner_of()
            inner.update(value.encode())
            outer = outer_of()
            outer.update(inner.digest())
            return outer.hexdigest()[: 2 * DIGEST_BYTES]

        return digest


def _prefix(*parts: str) -> bytes:
    return "".join(f"{part}\0" for part in parts).encode()


def _create_key(path: Path) -> None:
    """Create the key exclusively, so that of two first users one wins and both use its key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{KEY_FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
