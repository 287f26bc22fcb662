"""One secret per person out of one small file, each of which can be destroyed by itself.

A puncturable pseudorandom function: the tree of Goldreich, Goldwasser and Micali (J. ACM 33(4),
1986) with sixteen children a node, child d of seed s being SHA-256(s || d). A name's leaf is the
first 64 bits of its SHA-256, and its secret is the seed there, sixteen hashes below the root. To
destroy one secret, the seeds of all siblings on the way to its leaf replace the seed above it (at
most 240 of 32 bytes): every other secret stays what it was, and this one cannot be computed from
what is left (Boneh and Waters, ASIACRYPT 2013). So nothing has to be stored when a person comes,
and a backup of the file is worth what it was until somebody is erased.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from ingestion.digests import bytes_of, fixed_size, sha256_each
from ingestion.errors import IntegrityError
from ingestion.log.durable import create_secret, replace_secret

SEED_BYTES = 32
DEPTH = 16
DIGITS = "0123456789abcdef"
_DIGITS = np.frombuffer(DIGITS.encode(), np.uint8)


class DestroyedError(Exception):
    """The secret asked for was destroyed."""


class KeyTree:
    """Seeds by the hexadecimal path they stand at; at first one, at the root."""

    def __init__(self, seeds: dict[str, bytes]) -> None:
        self._seeds = seeds

    @classmethod
    def new(cls) -> Self:
        """A tree with a random root."""
        return cls({"": secrets.token_bytes(SEED_BYTES)})

    @classmethod
    def open(cls, path: Path, *, is_made: bool) -> Self:
        """Read a tree; make it on first use where that is asked for.

        Raises:
            IntegrityError: it is missing or damaged.
        """
        if not path.exists() and is_made:
            create_secret(path, cls.new().encode())
        try:
            return cls._decode(path.read_bytes())
        except (FileNotFoundError, ValueError, IndexError) as error:
            message = f"{path} is missing or damaged, and what is under it cannot be read: {error}."
            raise IntegrityError(message, remedy="Restore the vault from its backup.") from error

    @classmethod
    def read_or_new(cls, path: Path) -> Self:
        """Read a tree; one that is kept nowhere where there is none. Raises IntegrityError."""
        return cls.open(path, is_made=False) if path.exists() else cls.new()

    def secret(self, name: str) -> bytes:
        """The secret of a name.

        Raises:
            DestroyedError: it was destroyed.
        """
        leaf = leaf_of(name)
        at = self._ancestor(leaf)
        return _descend(self._seeds[at], leaf[len(at) :])

    def column(self, names: pa.Array) -> pa.FixedSizeBinaryArray:
        """The secrets of a column of names without nulls: bytes, null where destroyed.

        Level by level from the root, so that names share the nodes above them.
        """
        digests = bytes_of(sha256_each(names))
        leaves = np.ascontiguousarray(digests[:, : DEPTH // 2]).view(">u8").ravel()
        nodes, of_name = np.unique(leaves.astype(np.uint64), return_inverse=True)
        above, seeds = np.zeros(1, np.uint64), np.zeros((1, SEED_BYTES), np.uint8)
        is_there = np.zeros(1, np.bool_)
        for depth in range(DEPTH + 1):
            if depth:
                at = nodes >> np.uint64(4 * (DEPTH - depth))
                at = at[np.diff(at, prepend=~at[:1]) != 0]
                parent = np.searchsorted(above, at >> np.uint64(4))
                digits = _DIGITS[(at & np.uint64(15)).astype(np.int64)].reshape(-1, 1)
                both = np.concatenate([seeds[parent], digits], axis=1)
                seeds = bytes_of(sha256_each(fixed_size(both, SEED_BYTES + 1))).copy()
                above, is_there = at, is_there[parent]
            for path, seed in self._seeds.items():
                if len(path) == depth:
                    place = np.searchsorted(above, np.uint64(int(path or "0", 16)))
                    if place < len(above) and above[place] == int(path or "0", 16):
                        seeds[place], is_there[place] = np.frombuffer(seed, np.uint8), True
        found = pa.array(np.arange(len(nodes)), mask=~is_there)
        return pc.take(fixed_size(seeds, SEED_BYTES), found.take(pa.array(of_name)))

    def destroy(self, name: str) -> None:
        """Forget the secret of a name, and nothing else; on the disk only after `replace`."""
        leaf = leaf_of(name)
        try:
            at = self._ancestor(leaf)
        except DestroyedError:
            return
        seed = self._seeds.pop(at)
        for depth in range(len(at), DEPTH):
            for digit in DIGITS:
                if digit != leaf[depth]:
                    self._seeds[leaf[:depth] + digit] = _descend(seed, digit)
            seed = _descend(seed, leaf[depth])

    def destroyed_count(self) -> int:
        """How many leaves were destroyed; two people share one once in 2^64."""
        there = sum(1 << 4 * (DEPTH - len(path)) for path in self._seeds)
        return (1 << 4 * DEPTH) - there

    def replace(self, path: Path) -> None:
        """Put this tree in the place of a file, durably, and overwrite what stood there."""
        replace_secret(path, self.encode())

    def _ancestor(self, leaf: str) -> str:
        for depth in range(DEPTH + 1):
            if leaf[:depth] in self._seeds:
                return leaf[:depth]
        raise DestroyedError

    def encode(self) -> bytes:
        """The bytes of its file: a hash, then RFC 8785 JSON."""
        seeds = {path: seed.hex() for path, seed in self._seeds.items()}
        body = rfc8785.dumps({"seeds": seeds, "version": 1})
        return hashlib.sha256(body).hexdigest().encode() + b"\n" + body + b"\n"

    @classmethod
    def _decode(cls, content: bytes) -> Self:
        digest, body = content.splitlines()
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise ValueError("its content does not have its hash")
        seeds = json.loads(body)["seeds"]
        return cls({path: bytes.fromhex(seed) for path, seed in seeds.items()})


def leaf_of(name: str) -> str:
    """Where a name's secret is: 64 bits in hexadecimal."""
    return hashlib.sha256(name.encode()).hexdigest()[:DEPTH]


def _descend(seed: bytes, digits: str) -> bytes:
    for digit in digits:
        seed = hashlib.sha256(seed + digit.encode()).digest()
    return seed
