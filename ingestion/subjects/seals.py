"""What participants said of themselves, encrypted in the log under a key of each one's own.

The columns that a contract marks `is_sealed` are encrypted with AES-SIV (RFC 5297) under a 512-bit
key per pseudonym (SHA-512 of its secret in `vault/seals.tree`), event type and column as associated
data, text padded to multiples of 32 bytes. It is deterministic, so that the same event read again
is the same event; as no two people share a key, equal answers of two people do not look equal. The
tree names nobody: an auditor who is handed the log and `seals.tree` can rebuild every board and
cannot link a row to a person.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ingestion.contracts import Contract
from ingestion.errors import IntegrityError
from ingestion.subjects.key_tree import KeyTree

SEALS = "seals.tree"
SEALED_PREFIX = "sealed:1:"
ERASED = "(erased)"
PAD_BYTES = 32
PIECE_ROWS = 50_000

Change = Callable[[AESSIV | None, str, list[bytes]], str | None]
"""(the subject's cipher, None where destroyed; a value; what it is) -> what is put in its place."""


class Seals:
    """Encrypts and decrypts what a contract seals."""

    def __init__(self, tree: KeyTree) -> None:
        self.tree = tree

    @classmethod
    def open(cls, vault: Path, *, is_made: bool = False) -> Seals:
        """Read the vault's tree; make one on first use where that is asked for."""
        return cls(KeyTree.open(vault / SEALS, is_made=is_made))

    def seal(self, contract: Contract, table: pa.Table) -> pa.Table:
        """Rows in log form with their sealed columns encrypted."""
        return self._mapped(contract, table, _sealed)

    def unseal(self, contract: Contract, table: pa.Table) -> pa.Table:
        """The same rows in clear; null, or ERASED, where the participant was erased.

        Raises:
            IntegrityError: this is not the tree that the rows were sealed under.
        """
        table = self._mapped(contract, table, _opened)
        for name in contract.sealed_columns:
            if not contract.log_schema.field(name).nullable:
                filled = pc.fill_null(table.column(name), ERASED)
                table = table.set_column(table.column_names.index(name), name, filled)
        return table

    def _mapped(self, contract: Contract, table: pa.Table, change: Change) -> pa.Table:
        if not any(table.column(name).null_count < len(table) for name in contract.sealed_columns):
            return table
        # In pieces: as Python's objects a million rows take gigabytes.
        starts = range(0, len(table), PIECE_ROWS)
        pieces = [table.slice(start, PIECE_ROWS) for start in starts]
        return pa.concat_tables([self._mapped_piece(contract, piece, change) for piece in pieces])

    def _mapped_piece(self, contract: Contract, table: pa.Table, change: Change) -> pa.Table:
        kind = str(contract.event_type).encode()
        names = contract.sealed_columns
        columns = [(table[name].to_pylist(), [kind, name.encode()]) for name in names]
        secrets = self.tree.column(table["subject_id"].combine_chunks()).to_pylist()
        for row, secret in enumerate(secrets):
            cipher = None if secret is None else AESSIV(hashlib.sha512(secret).digest())
            for values, about in columns:
                if (value := values[row]) is not None:
                    values[row] = change(cipher, value, about)
        for name, (values, _) in zip(names, columns, strict=True):
            index = table.column_names.index(name)
            table = table.set_column(index, name, pa.array(values, pa.string()))
        return table


def _sealed(cipher: AESSIV | None, value: str, about: list[bytes]) -> str:
    if cipher is None:
        raise AssertionError("a row of an erased participant came as far as being sealed")
    padded = value.encode() + b"\x80"
    padded = padded.ljust(-(-len(padded) // PAD_BYTES) * PAD_BYTES, b"\0")
    return SEALED_PREFIX + base64.urlsafe_b64encode(cipher.encrypt(padded, about)).decode()


def _opened(cipher: AESSIV | None, value: str, about: list[bytes]) -> str | None:
    if cipher is None:
        return None
    try:
        encrypted = base64.urlsafe_b64decode(value.removeprefix(SEALED_PREFIX))
        return cipher.decrypt(encrypted, about).rstrip(b"\0")[:-1].decode()
    except (InvalidTag, ValueError) as error:
        message = f"The vault's {SEALS} is not the one this log was sealed under."
        raise IntegrityError(message, remedy="Restore the vault from its backup.") from error
