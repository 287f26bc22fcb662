"""Proofs of single events: from what happened, through a segment and a commit, to a checkpoint.

A proof is one line of RFC 8785 JSON, so that it has one form and any byte changed is found:
`event`, with `salt`, or with `commitment` where the payload is not shown; `row` (`index`, `path`
in the segment's tree); `segment` (number in the commit); `commit` (its file as `commit`, and
`index`, `path` and `size` in the checkpoint's tree) and `checkpoint`, a signed note.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log.chain import Chain, Commit, Segment
from ingestion.log.checkpoint import HASH_BYTES, Checkpoint, Verifier, commit_tree, open_note
from ingestion.log.event_log import EventLog
from ingestion.log.held_files import segment_at
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.leaves import ENVELOPE, commitment_of, events_of, leaf_of, payload_of
from ingestion.log.merkle import is_included, leaf_hash
from ingestion.log.salts import COMMITMENT_BYTES, SALT_BYTES
from ingestion.log.segments import read_segment
from ingestion.log.whole_files import whole_segment

VERSION = 2
COMMIT_VERSION = 1
_FIELDS = {"checkpoint", "commit", "event", "row", "segment", "version"}
_COMMIT_FIELDS = {"commit", "index", "path", "size", "version"}
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True)
class Proven:
    """What a proof shows.

    Args:
        event: the event; only its id and type where its payload is not shown.
        is_shown: the payload is.
        position: where it is in the log.
        commit: which added it.
        checkpoint: which covers it.
    """

    event: dict[str, Any]
    is_shown: bool
    position: int
    commit: Commit
    checkpoint: Checkpoint


def prove_event(log: EventLog, event_id: str, note: str, *, is_shown: bool = True) -> bytes:
    """Prove that an event is in the log that a checkpoint describes.

    Args:
        log: which holds it.
        event_id: the event's id.
        note: a signed checkpoint of this log, of now or of earlier.
        is_shown: put the payload into the proof; else its commitment alone.

    Raises:
        NotFoundError: no such event, or it is later than the checkpoint.
        IntegrityError: the segment is damaged, or the log is not the checkpoint's.
    """
    position = log.find_event(event_id)
    commit = log.at_position(position)
    segment = segment_at(commit, position)
    row = position - segment.first_position
    path = whole_segment(log, segment.sha256)
    table, salts = read_segment(path)
    tree = tree_of(table, salts)
    if tree.root.hex() != segment.row_root:
        message = f"The rows of {path} do not have the root that commit {commit.seq} says."
        raise IntegrityError(message, remedy="Run `demoscope log verify`.")
    event = next(events_of(table.slice(row, 1)))
    salt = salts.at(row)
    held = Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")
    proof: dict[str, Any] = {
        "checkpoint": note,
        "commit": prove_commit(log, commit.seq, held.size),
        "row": {"index": row, "path": _encode_path(tree.inclusion(row))},
        "segment": commit.segments.index(segment),
        "version": VERSION,
    }
    if salt is not None and is_shown:
        proof |= {"event": event, "salt": salt.hex()}
    else:
        kept = salts.erased[row] if salt is None else commitment_of(salt, payload_of(event))
        proof |= {"event": {name: event[name] for name in ENVELOPE}, "commitment": kept.hex()}
    verify_commit_proof(proof["commit"], held)
    return rfc8785.dumps(proof) + b"\n"


def prove_commit(chain: Chain, seq: int, size: int) -> dict[str, Any]:
    """A proof, as JSON, that a commit is in the tree of the first `size` commits.

    Raises:
        NotFoundError: there is no such commit, or the log is shorter.
    """
    if not 1 <= seq <= size:
        raise NotFoundError(f"There is no commit {seq} among {size}.")
    return {
        "commit": chain.layout.commit(seq).read_bytes().decode(),
        "index": seq - 1,
        "path": _encode_path(commit_tree(chain, size).inclusion(seq - 1)),
        "size": size,
        "version": COMMIT_VERSION,
    }


def verify_event_proof(content: bytes, verifier: Verifier) -> Proven:
    """Check a proof. Needs nothing but the proof and the key that signs the log's checkpoints.

    Raises:
        IntegrityError: it proves nothing.
    """
    proof = _parse(content)
    checkpoint = Checkpoint.parse(open_note(str(proof["checkpoint"]).encode(), verifier))
    if checkpoint.origin != verifier.name:
        message = f"The checkpoint is of {checkpoint.origin}, the key of {verifier.name}."
        raise IntegrityError(message, remedy="Ask for the key that signs this log.")
    commit = verify_commit_proof(proof["commit"], checkpoint)
    try:
        segment, row = commit.segments[_natural(proof["segment"])], _natural(proof["row"]["index"])
        is_ours = _leads_to(segment, proof, row)
    except _MALFORMED as error:
        raise IntegrityError(f"The proof does not lead to commit {commit.seq}: {error}.") from error
    if not is_ours:
        message = f"The event is not in the segment that the proof names in commit {commit.seq}."
        raise IntegrityError(message)
    position = segment.first_position + row
    return Proven(proof["event"], "salt" in proof, position, commit, checkpoint)


def verify_commit_proof(proof: dict[str, Any], checkpoint: Checkpoint) -> Commit:
    """The commit a proof is about, if it leads to the checkpoint. Needs nothing but the two.

    Raises:
        IntegrityError: it does not.
    """
    content = str(proof.get("commit")).encode()
    try:
        holds = (
            proof.keys() == _COMMIT_FIELDS
            and _natural(proof["version"]) == COMMIT_VERSION
            and _natural(proof["size"]) == checkpoint.size
            and is_included(
                leaf_hash(content),
                _natural(proof["index"]),
                checkpoint.size,
                _decode_path(proof["path"]),
                checkpoint.root,
            )
        )
    except _MALFORMED:
        holds = False
    if not holds:
        message = f"The proof does not lead to the checkpoint of {checkpoint.size} commits."
        raise IntegrityError(message)
    return Commit.decode(content, Path("the proof's commit"))


def _leads_to(segment: Segment, proof: dict[str, Any], row: int) -> bool:
    event = proof["event"]
    if "salt" in proof:
        salt = _hexadecimal(proof["salt"], SALT_BYTES)
        commitment = commitment_of(salt, payload_of(event))
    else:
        commitment = _hexadecimal(proof["commitment"], COMMITMENT_BYTES)
    leaf = leaf_of(event["event_id"], commitment)
    root = _hexadecimal(segment.row_root, COMMITMENT_BYTES)
    return (
        proof["row"].keys() == {"index", "path"}
        and ("salt" in proof or event.keys() == set(ENVELOPE))
        and event["event_type"] == segment.event_type
        and is_included(leaf, row, segment.rows, _decode_path(proof["row"]["path"]), root)
    )


def _parse(content: bytes) -> dict[str, Any]:
    try:
        proof: dict[str, Any] = json.loads(content)
        is_whole = (
            rfc8785.dumps(proof) + b"\n" == content
            and _natural(proof["version"]) == VERSION
            and proof.keys() in (_FIELDS | {"salt"}, _FIELDS | {"commitment"})
            and isinstance(proof["commit"], dict)
        )
    except (*_MALFORMED, RecursionError, rfc8785.CanonicalizationError):
        is_whole, proof = False, {}
    if not is_whole:
        message = "This is not a proof as `demoscope log prove` writes it."
        raise IntegrityError(message, remedy="It is one line; copy it byte for byte.")
    return proof


def _natural(value: Any) -> int:
    # In Python true is 1.
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a number from 0")
    return value


def _hexadecimal(text: str, length: int) -> bytes:
    content = bytes.fromhex(text)
    if content.hex() != text or len(content) != length:
        raise ValueError(f"{text!r} is not {length} bytes in hexadecimal")
    return content


def _encode_path(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(node).decode() for node in path]


def _decode_path(encoded: Sequence[str]) -> list[bytes]:
    path = [base64.b64decode(node, validate=True) for node in encoded]
    if _encode_path(path) != encoded or any(len(node) != HASH_BYTES for node in path):
        raise ValueError("not a path")
    return path
