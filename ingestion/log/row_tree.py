"""The Merkle tree over the rows of a segment: the same hashes by `hashlib` or by compiled lanes.

From `COMPILED_ROWS` on, loading what is compiled costs less than it saves.

What stays out: what a leaf is (leaves.py), and the tree over commits (checkpoint.py).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log import leaves
from ingestion.log.merkle import EMPTY_ROOT, node_hash
from ingestion.log.salts import Salts, expand

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPILED_ROWS = 20_000
Words = npt.NDArray[np.uint32]


class RowTree:
    """A tree over leaf hashes; levels of eight words a node."""

    def __init__(self, leaf_words: Words, *, is_compiled: bool) -> None:
        self._levels = [leaf_words]
        while len(below := self._levels[-1]) > 1:
            above = _paired_fast(below) if is_compiled else _paired(below)
            odd = below[len(above) * 2 :]
            self._levels.append(np.concatenate([above, odd]) if len(odd) else above)

    @classmethod
    def of(cls, table: pa.Table, salts: Salts) -> RowTree:
        """The tree over a segment's rows.

        Args:
            table: the rows, in order.
            salts: theirs.
        """
        if salts.rows != table.num_rows:
            message = f"{salts.rows} salts for {table.num_rows} rows"
            raise ValueError(message)
        is_compiled = table.num_rows >= COMPILED_ROWS
        leaf_words = _leaves_fast(table, salts) if is_compiled else _leaves(table, salts)
        return cls(leaf_words, is_compiled=is_compiled)

    @property
    def root(self) -> bytes:
        """RFC 6962's root hash."""
        return _digest(self._levels[-1][0]) if len(self._levels[0]) else EMPTY_ROOT

    def inclusion(self, row: int) -> list[bytes]:
        """The path from a row to the root (RFC 9162, 2.1.3.1)."""
        path = []
        for level in self._levels[:-1]:
            if row ^ 1 < len(level):
                path.append(_digest(level[row ^ 1]))
            row >>= 1
        return path


def _digest(words: Words) -> bytes:
    return words.astype(">u4").tobytes()


def _words(digests: Sequence[bytes], width: int = 8) -> Words:
    return np.frombuffer(b"".join(digests), ">u4").astype(np.uint32).reshape(-1, width)


def _paired(below: Words) -> Words:
    nodes = [_digest(node) for node in below]
    return _words([node_hash(a, b) for a, b in zip(nodes[::2], nodes[1::2], strict=False)])


def _leaves(table: pa.Table, salts: Salts) -> Words:
    secrets: list[bytes | None] = []
    for run in salts.runs:
        secrets += [None] if run.seed is None else expand(run.seed, run.rows)
    erased = salts.erased
    hashes = []
    for row, (event, salt) in enumerate(zip(leaves.events_of(table), secrets, strict=True)):
        commitment = (
            erased[row] if salt is None else leaves.commitment_of(salt, leaves.payload_of(event))
        )
        hashes.append(leaves.leaf_of(event["event_id"], event["event_type"], commitment))
    return _words(hashes)


def _paired_fast(below: Words) -> Words:
    from ingestion.log.lanes import hash_pairs

    return hash_pairs(below)


def _leaves_fast(table: pa.Table, salts: Salts) -> Words:
    from ingestion.log.messages import hash_leaves

    return hash_leaves(table, _expanded(salts), salts.erased)


def _expanded(salts: Salts) -> Words:
    """Every salt; zeros where there is none any more."""
    from ingestion.log.lanes import hash_children

    parts: list[Words] = []
    for run in salts.runs:
        if run.seed is None:
            parts.append(np.zeros((1, 4), np.uint32))
        elif run.rows < hashlib.sha256().block_size:
            parts.append(_words(expand(run.seed, run.rows), 4))
        else:
            widths = [run.rows]
            while widths[-1] > 1:
                widths.append((widths[-1] + 1) // 2)
            level = _words([run.seed], 4)
            for width in reversed(widths[:-1]):
                below = hash_children(level[: width // 2])
                level = np.concatenate([below, level[-1:]]) if width % 2 else below
            parts.append(level)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
