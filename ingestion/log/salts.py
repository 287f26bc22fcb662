"""The salts of a segment's rows: all from one random seed, and each can be taken out of it.

A seed is the root of a binary tree of the shape RFC 6962 gives a tree of that many leaves. A node
is 16 bytes; its two children are the halves of SHA-256(0x02 || node); the leaves are the salts
(Goldreich, Goldwasser and Micali's construction). Whoever erases a row keeps the seeds of the
subtrees beside its path and forgets the seed above: every other salt can still be derived, and
this one by nobody any more.

Salts lie with the rows, in the segment's metadata, not in the vault: they are as secret as the
rows are, whoever has a copy of the log can check its roots, and nothing that is kept elsewhere
(a vault's key in a backup) could bring an erased row's salt back.

What stays out: what is salted (leaves.py), and the rewriting of a segment that erasure needs.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.log.merkle import largest_power_below

METADATA_KEY = b"demoscope.salts"
SEED_BYTES = 16
COMMITMENT_BYTES = 32


@dataclass(frozen=True)
class SaltRun:
    """Rows that follow each other.

    Args:
        rows: how many.
        seed: whose tree's leaves are their salts.
        commitment: in place of a seed: the commitment of one row whose payload was erased.
    """

    rows: int
    seed: bytes | None = None
    commitment: bytes | None = None


@dataclass(frozen=True)
class Salts:
    """Of every row of a segment, in row order."""

    runs: tuple[SaltRun, ...]

    @classmethod
    def fresh(cls, rows: int) -> Salts:
        """For a new segment."""
        return cls((SaltRun(rows, secrets.token_bytes(SEED_BYTES)),) if rows else ())

    @property
    def rows(self) -> int:
        """How many rows they are for."""
        return sum(run.rows for run in self.runs)

    @property
    def erased(self) -> dict[int, bytes]:
        """Row number -> commitment, of rows that have no salt any more."""
        return {start: run.commitment for start, run in self.starts() if run.commitment is not None}

    def starts(self) -> Iterator[tuple[int, SaltRun]]:
        """Runs and the row each begins with."""
        start = 0
        for run in self.runs:
            yield start, run
            start += run.rows

    def at(self, row: int) -> bytes | None:
        """The salt of a row; None if it was erased."""
        for start, run in self.starts():
            if start <= row < start + run.rows:
                return None if run.seed is None else _descend(run.seed, run.rows, row - start)
        message = f"row {row} of {self.rows}"
        raise IndexError(message)

    def without(self, erased: Mapping[int, bytes]) -> Salts:
        """The same, less the salts of some rows.

        Args:
            erased: row number -> the commitment that stands for its payload from now on.
        """
        runs: list[SaltRun] = []
        for start, run in self.starts():
            inside = {row - start: erased[row] for row in erased if 0 <= row - start < run.rows}
            runs += [run] if run.seed is None else _punctured(run.seed, run.rows, inside)
        return Salts(tuple(runs))

    def part(self, start: int, rows: int) -> Salts:
        """Of whole runs: the segments that a larger one was put together from."""
        return Salts(tuple(run for at, run in self.starts() if start <= at < start + rows))

    def __add__(self, other: Salts) -> Salts:
        return Salts(self.runs + other.runs)

    def encode(self) -> bytes:
        """For the segment's metadata."""
        return json.dumps(
            [
                {"rows": run.rows, "seed": run.seed.hex()}
                if run.seed is not None
                else {"commitment": (run.commitment or b"").hex(), "rows": run.rows}
                for run in self.runs
            ],
            separators=(",", ":"),
        ).encode()

    @classmethod
    def decode(cls, content: bytes) -> Salts:
        """Read a segment's metadata.

        Raises:
            ValueError: it is something else.
        """
        try:
            runs = tuple(_decode_run(**run) for run in _list(json.loads(content)))
        except (TypeError, AttributeError) as error:
            message = f"not salts: {content[:80]!r}"
            raise ValueError(message) from error
        return cls(runs)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        message = f"not a list of salts: {value!r}"
        raise TypeError(message)
    return value


def _decode_run(rows: int, seed: str | None = None, commitment: str | None = None) -> SaltRun:
    run = SaltRun(
        rows,
        None if seed is None else bytes.fromhex(seed),
        None if commitment is None else bytes.fromhex(commitment),
    )
    if run.seed is None:
        is_run = rows == 1 and len(run.commitment or b"") == COMMITMENT_BYTES
    else:
        is_run = rows >= 1 and len(run.seed) == SEED_BYTES and run.commitment is None
    if type(rows) is not int or not is_run:
        message = f"not a run of salts: {rows!r} rows"
        raise ValueError(message)
    return run


def children(node: bytes) -> tuple[bytes, bytes]:
    """The two nodes below one."""
    both = hashlib.sha256(b"\x02" + node).digest()
    return both[:SEED_BYTES], both[SEED_BYTES:]


def expand(seed: bytes, rows: int) -> list[bytes]:
    """The salts of a seed's rows."""
    widths = [rows]
    while widths[-1] > 1:
        widths.append((widths[-1] + 1) // 2)
    level = [seed]
    for width in reversed(widths[:-1]):
        below = [child for node in level[: width // 2] for child in children(node)]
        # A node without a neighbour is its own child, as in the Merkle tree.
        level = below + level[-1:] if width % 2 else below
    return level


def _descend(seed: bytes, rows: int, row: int) -> bytes:
    while rows > 1:
        middle = largest_power_below(rows)
        left, right = children(seed)
        if row < middle:
            seed, rows = left, middle
        else:
            seed, row, rows = right, row - middle, rows - middle
    return seed


def _punctured(seed: bytes, rows: int, erased: Mapping[int, bytes]) -> list[SaltRun]:
    if not erased:
        return [SaltRun(rows, seed)]
    if rows == 1:
        return [SaltRun(1, commitment=erased[0])]
    middle = largest_power_below(rows)
    left, right = children(seed)
    before = {row: erased[row] for row in erased if row < middle}
    after = {row - middle: erased[row] for row in erased if row >= middle}
    return [*_punctured(left, middle, before), *_punctured(right, rows - middle, after)]
