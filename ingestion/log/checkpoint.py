"""Checkpoints (c2sp.org/tlog-checkpoint): the size and root of the tree over the commits.

Leaf number n (from 0) is, byte for byte, the file of commit n + 1. A checkpoint kept elsewhere
shows what the log alone cannot: that its tail was cut off, that an old backup was put back, or that
another history was put in its place.

What stays out: the tree (merkle.py), signatures (note.py), and proofs of single events
(event_proof.py).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log.chain import Chain
from ingestion.log.layout import Layout
from ingestion.log.merkle import Tree, is_included, leaf_hash
from ingestion.log.record import Commit

HASH_BYTES = 32
_COMMIT_PROOF = {"commit", "index", "path", "size", "version"}


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims to be.

    Args:
        origin: which log; one line.
        size: number of commits.
        root: root hash of the tree over them.
    """

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; lines beyond the third are extensions, and ignored.

        Raises:
            IntegrityError: it is not a checkpoint.
        """
        lines = text.split("\n")
        try:
            origin, size, encoded = lines[:3]
            root = base64.b64decode(encoded, validate=True)
            is_whole = (
                text.endswith("\n")
                and bool(origin)
                and size.isascii()
                and size.isdecimal()
                and str(int(size)) == size
                and len(root) == HASH_BYTES
                and base64.b64encode(root).decode() == encoded
                and (len(lines) == 4 or all(lines[3:-1]))  # noqa: PLR2004
            )
        except ValueError as error:
            message = f"This is not a checkpoint: {text[:80]!r}."
            raise IntegrityError(message) from error
        if not is_whole:
            message = f"This is not a checkpoint: {text[:80]!r}."
            raise IntegrityError(message)
        return cls(origin, int(size), root)


def default_origin(origin: str) -> str:
    """What a log is called in its checkpoints unless told otherwise."""
    return f"demoscope/log/{origin}"


def tree_of(layout: Layout, chain: Chain, size: int) -> Tree:
    """The tree over commits 1 to `size`, from their files.

    Raises:
        NotFoundError: the log is shorter.
    """
    if size > chain.head_seq:
        message = f"The log has {chain.head_seq} commits, not {size}."
        raise NotFoundError(message)
    return Tree([leaf_hash(layout.commit(seq).read_bytes()) for seq in range(1, size + 1)])


def checkpoint_of(layout: Layout, chain: Chain, origin: str, size: int | None = None) -> Checkpoint:
    """The checkpoint of a log's first `size` commits (all of them unless given)."""
    size = chain.head_seq if size is None else size
    return Checkpoint(origin, size, tree_of(layout, chain, size).root)


def compare(layout: Layout, chain: Chain, held: Checkpoint) -> tuple[Path, str] | None:
    """What is wrong with a log in the light of a checkpoint held elsewhere, and where; or None."""
    if held.size > chain.head_seq:
        missing = layout.commit(chain.head_seq + 1)
        return missing, (
            f"the checkpoint has {held.size} commits, the log {chain.head_seq}: "
            "its tail was cut off, or an older copy was put back"
        )
    if tree_of(layout, chain, held.size).root != held.root:
        return layout.commits, (
            f"its first {held.size} commits are not those of the checkpoint: "
            "another history was put in their place"
        )
    return None


def encode_path(path: Iterable[bytes]) -> list[str]:
    """A proof's hashes as JSON has them."""
    return [base64.b64encode(node).decode() for node in path]


def decode_path(encoded: Iterable[str]) -> list[bytes]:
    """The hashes of a proof.

    Raises:
        ValueError: they are not what `encode_path` writes.
    """
    path = [base64.b64decode(node, validate=True) for node in encoded]
    if encode_path(path) != list(encoded) or any(len(node) != HASH_BYTES for node in path):
        message = "not a path"
        raise ValueError(message)
    return path


def prove_commit(layout: Layout, chain: Chain, seq: int, size: int | None = None) -> dict[str, Any]:
    """A proof, as JSON, that a commit is in the tree of the first `size` commits.

    Raises:
        NotFoundError: there is no such commit, or the log is shorter.
    """
    size = chain.head_seq if size is None else size
    if not 1 <= seq <= size:
        message = f"There is no commit {seq} among {size}."
        raise NotFoundError(message)
    path = tree_of(layout, chain, size).inclusion(seq - 1)
    return {
        "commit": layout.commit(seq).read_bytes().decode(),
        "index": seq - 1,
        "path": encode_path(path),
        "size": size,
        "version": 1,
    }


def verify_commit_proof(proof: dict[str, Any], checkpoint: Checkpoint) -> Commit:
    """The commit a proof is about, if it leads to the checkpoint. Needs nothing but the two.

    Raises:
        IntegrityError: it does not.
    """
    try:
        content = proof["commit"].encode()
        path = decode_path(proof["path"])
        index, size = proof["index"], proof["size"]
        holds = (
            proof["version"] == 1
            and proof.keys() == _COMMIT_PROOF
            # In Python true is 1.
            and all(type(proof[name]) is int for name in ("index", "size", "version"))
            and size == checkpoint.size
            and is_included(leaf_hash(content), index, size, path, checkpoint.root)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        holds, content = False, b""
    if not holds:
        message = f"The proof does not lead to the checkpoint of {checkpoint.size} commits."
        raise IntegrityError(message)
    return Commit.decode(content, Path("the proof's commit"))
