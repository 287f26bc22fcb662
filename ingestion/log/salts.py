"""The salts of a segment's rows: all from one random seed, until one has to be forgotten.

The salts are what SHAKE-256 makes of the seed, 16 bytes a row. When rows are erased, the remaining
salts are kept one by one and the seed is forgotten, so nobody can derive an erased row's salt.

Salts lie with the rows, in the segment's metadata, not in the vault: they are as secret as the
rows are, a copy of the log can be checked without the vault, and nothing that is kept elsewhere
(a vault's key in a backup) could bring an erased row's salt back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

METADATA_KEY = b"demoscope.salts"
SALT_BYTES = 16
COMMITMENT_BYTES = 32


@dataclass(frozen=True)
class Salts:
    """Of every row of a segment, in row order.

    Args:
        rows: how many.
        seed: what they are made from; None where rows were erased.
        kept: then the salts themselves, zeros where there is none any more.
        erased: row number -> commitment, of rows that have no salt any more.
    """

    rows: int
    seed: bytes | None
    kept: bytes = b""
    erased: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept_bytes = SALT_BYTES * self.rows if self.seed is None else 0
        is_whole = (
            type(self.rows) is int
            and self.rows >= 0
            and (self.seed is None or (len(self.seed) == SALT_BYTES and not self.erased))
            and len(self.kept) == kept_bytes
            and all(0 <= row < self.rows and not any(self._kept_at(row)) for row in self.erased)
            and all(len(commitment) == COMMITMENT_BYTES for commitment in self.erased.values())
        )
        if not is_whole:
            raise ValueError(f"not the salts of {self.rows} rows")

    @classmethod
    def fresh(cls, rows: int) -> Salts:
        """For a new segment."""
        return cls(rows, secrets.token_bytes(SALT_BYTES))

    def _kept_at(self, row: int) -> bytes:
        return self.kept[SALT_BYTES * row :][:SALT_BYTES]

    def every(self) -> bytes:
        """The salts, one after the other."""
        if self.seed is None:
            return self.kept
        return hashlib.shake_256(self.seed).digest(SALT_BYTES * self.rows)

    def at(self, row: int) -> bytes | None:
        """The salt of a row; None if it was erased."""
        if not 0 <= row < self.rows:
            raise IndexError(f"row {row} of {self.rows}")
        if row in self.erased:
            return None
        return self.every()[SALT_BYTES * row :][:SALT_BYTES]

    def without(self, erased: Mapping[int, bytes]) -> Salts:
        """The same, less the salts of some rows.

        Args:
            erased: row number -> the commitment that stands for its payload from now on.
        """
        kept = bytearray(self.every())
        for row in erased:
            kept[SALT_BYTES * row : SALT_BYTES * (row + 1)] = bytes(SALT_BYTES)
        # What was erased before has its commitment already.
        return Salts(self.rows, None, bytes(kept), {**erased, **self.erased})

    def encode(self) -> bytes:
        """For the segment's metadata."""
        said: dict[str, object] = {"rows": self.rows}
        if self.seed is not None:
            said["seed"] = self.seed.hex()
        else:
            said["salts"] = base64.b64encode(self.kept).decode()
            said["erased"] = {str(row): self.erased[row].hex() for row in sorted(self.erased)}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def decode(cls, content: bytes) -> Salts:
        """Read a segment's metadata.

        Raises:
            ValueError: it is something else, or written in another way than `encode` does.
        """
        try:
            said = json.loads(content)
            if said.keys() == {"rows", "seed"}:
                salts = cls(said["rows"], bytes.fromhex(said["seed"]))
            else:
                kept = base64.b64decode(said.pop("salts"), validate=True)
                erased = {int(row): bytes.fromhex(text) for row, text in said.pop("erased").items()}
                salts = cls(**said, seed=None, kept=kept, erased=erased)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"not salts: {content[:80]!r}") from error
        if salts.encode() != content:
            raise ValueError(f"not salts as they are written: {content[:80]!r}")
        return salts
