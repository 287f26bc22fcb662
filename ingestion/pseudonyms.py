"""Keyed hashes: the only form in which a person, or an id that may name one, enters the log.

HMAC-SHA-256 (RFC 2104) under a key that lives in the vault, truncated to 128 bits, in hexadecimal.
Every message is a purpose and a scope, each part ended by a zero byte, then the value, so no two
lists of parts give the same message. The two hash states that depend on the key and the scope alone
are computed once per column: 0.8 us a value where `hmac` takes 2. Without the vault nothing in the
log can be linked to a person.

What stays out: which columns are pseudonyms (contract.py) and erasing a subject (log/).
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
REMEMBERED = 1_000_000


class Pseudonymiser:
    """Hashes columns under one key, remembering what it has hashed (at most a million values)."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
        self._known: dict[tuple[str, ...], dict[str, str]] = {}

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
        known = self._known.setdefault((purpose, *scope), {})
        if len(known) > REMEMBERED:
            known.clear()
        hasher = self._hasher(purpose, *scope)
        is_worth_remembering = len(encoded.dictionary) * 2 < len(values)
        hashed: list[str] = []
        for value in encoded.dictionary.to_pylist():
            digest = known.get(value)
            if digest is None:
                digest = hasher(value)
                if is_worth_remembering:
                    known[value] = digest
            hashed.append(digest)
        return pa.array(hashed, pa.string()).take(encoded.indices)

    def _hasher(self, purpose: str, *scope: str) -> Callable[[str], str]:
        scoped = self._inner.copy()
        scoped.update("".join(f"{part}\0" for part in (purpose, *scope)).encode())
        inner_of, outer_of = scoped.copy, self._outer.copy

        def digest(value: str) -> str:
            inner = inner_of()
            inner.update(value.encode())
            outer = outer_of()
            outer.update(inner.digest())
            return outer.hexdigest()[: 2 * DIGEST_BYTES]

        return digest


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
