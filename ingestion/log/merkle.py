"""The Merkle tree of RFC 6962 and RFC 9162 section 2.1, over SHA-256: roots, proofs, and checking.

Its leaves are commits (checkpoint.py) or the rows of a segment (leaf_hashes.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ingestion.digests import DIGEST_BYTES, Bytes, bytes_of, fixed_size, sha256_each

EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(content: bytes) -> bytes:
    """Hash of a leaf: the prefix keeps it from passing for an inner node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree over leaf hashes, every level kept (twice the leaves' memory)."""

    def __init__(self, leaves: Sequence[bytes] | Bytes) -> None:
        """Hash the inner nodes.

        Args:
            leaves: hashes, or an array of 32 bytes each.
        """
        below = np.asarray(leaves if isinstance(leaves, np.ndarray) else _rows(leaves))
        self._levels = [below]
        while len(below) > 1:
            count = len(below) // 2
            pairs = fixed_size(below[: 2 * count], 2 * DIGEST_BYTES)
            above = bytes_of(sha256_each(b"\x01", pairs))
            # A node without a neighbour is its own parent: RFC 6962's tree for any size.
            below = np.concatenate([above, below[2 * count :]])
            self._levels.append(below)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root hash; of no leaves the hash of nothing."""
        return self._levels[-1][0].tobytes() if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The path from a leaf to the root (RFC 9162, 2.1.3.1).

        Raises:
            ValueError: there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"leaf {index} of {self.size}")
        path = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                path.append(level[index ^ 1].tobytes())
            index >>= 1
        return path

    def consistency(self, size: int) -> list[bytes]:
        """What shows that the first `size` leaves are those of the tree then (RFC 9162, 2.1.4.1).

        Raises:
            ValueError: the tree has not so many.
        """
        if not 0 <= size <= self.size:
            raise ValueError(f"{size} of {self.size} leaves")
        if size in {0, self.size}:
            return []
        # Of the older tree the last subtree that is whole, then every neighbour up to the root.
        index, level = size - 1, 0
        while index & 1:
            index, level = index >> 1, level + 1
        path = [] if index == 0 else [self._levels[level][index].tobytes()]
        for row in self._levels[level:-1]:
            if index ^ 1 < len(row):
                path.append(row[index ^ 1].tobytes())
            index >>= 1
        return path


def _rows(hashes: Sequence[bytes]) -> Bytes:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, DIGEST_BYTES)


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path leads from a leaf hash to a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, node = size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether a tree continues an older one (RFC 9162, 2.1.4.2)."""
    if old_size in {0, size}:
        return not path and old_root == (root if old_size == size else EMPTY_ROOT)
    if not 0 < old_size < size:
        return False
    index, last = old_size - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    # The first node is the old root where the older tree is whole.
    whole = [] if index else [old_root]
    start, *rest = [*whole, *path] or [b""]
    old = new = start
    for sibling in rest:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and old == old_root and new == root
