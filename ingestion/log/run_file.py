"""A sorted run on the disk: searched where it lies, and checked before it is believed.

Layout, little-endian: one line of JSON padded to 512 bytes; n hashes (u64); n places (u64); per
block of 4,096 entries its first hash (u64) and a CRC-32 over its hashes and places (u32). A search
checks the blocks it touches, each once per opened file, so a small search in a large run reads
little and a damaged byte is an error, never a wrong answer.

What stays out: what to do about a damaged file (id_cache.py: delete it and build it again).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.log.runs import MERGE_ROWS, IndexArray, U64Array, search

HEADER_BYTES = 512
BLOCK = 4096
_U64 = np.dtype("<u8")
_U32 = np.dtype("<u4")


class DamagedRunError(Exception):
    """A run file is not what was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class FileRun:
    """A run in a file.

    Args:
        path: the file.
        expected: what its header must say besides the count.
        is_checked: whether its blocks need no check, being just written.

    Raises:
        DamagedRunError: the header says something else, or the file has another length.
    """

    def __init__(
        self, path: Path, expected: Mapping[str, Any], *, is_checked: bool = False
    ) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                header = json.loads(file.read(HEADER_BYTES))
            count, tail_crc = int(header.pop("count")), int(header.pop("tail_crc"))
            blocks = -(-count // BLOCK)
            size = HEADER_BYTES + 2 * 8 * count + 12 * blocks
            if header != expected or path.stat().st_size != size:
                raise DamagedRunError(path)
            # Private, not read-only: kernels are compiled once for arrays that can be written.
            words = np.memmap(path, _U64, "c", HEADER_BYTES, (2 * count,)) if count else ()
            with path.open("rb") as file:
                file.seek(HEADER_BYTES + 2 * 8 * count)
                checks = file.read()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedRunError(path) from error
        if zlib.crc32(checks) != tail_crc:
            raise DamagedRunError(path)
        self._count = count
        self._words = np.asarray(words, _U64)
        self._firsts = np.frombuffer(checks, _U64, blocks)
        self._crcs = np.frombuffer(checks, _U32, blocks, 8 * blocks)
        self._is_checked = np.full(blocks, is_checked)

    def __len__(self) -> int:
        return self._count

    def find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        """See Run. Raises DamagedRunError where a block it needs is damaged."""
        if not len(needles) or not self._count:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        if len(needles) > len(self._firsts):
            return search(*self.whole(), needles)
        # A hash that begins a block may also end the one before.
        first = np.maximum(np.searchsorted(self._firsts, needles) - 1, 0)
        last = np.maximum(np.searchsorted(self._firsts, needles, side="right") - 1, 0)
        is_touched = np.zeros(len(self._firsts) + 1, np.int64)
        np.add.at(is_touched, first, 1)
        np.add.at(is_touched, last + 1, -1)
        touched = np.flatnonzero(np.cumsum(is_touched[:-1]))
        self._check(touched)
        if 2 * len(touched) > len(self._firsts):
            return search(*self.whole(), needles)
        pieces = [self._block(block) for block in touched.tolist()]
        hashes = np.concatenate([piece[0] for piece in pieces])
        return search(hashes, np.concatenate([piece[1] for piece in pieces]), needles)

    def slices(self) -> Iterator[tuple[U64Array, U64Array]]:
        """See Run. Raises DamagedRunError."""
        for start in range(0, self._count, MERGE_ROWS):
            end = min(start + MERGE_ROWS, self._count)
            self._check(np.arange(start // BLOCK, -(-end // BLOCK)))
            yield (
                self._words[start:end],
                self._words[self._count + start : self._count + end],
            )

    def whole(self) -> tuple[U64Array, U64Array]:
        """See Run. Raises DamagedRunError."""
        self._check(np.arange(len(self._firsts)))
        return self._words[: self._count], self._words[self._count :]

    def _block(self, block: int) -> tuple[U64Array, U64Array]:
        start, end = block * BLOCK, min((block + 1) * BLOCK, self._count)
        return self._words[start:end], self._words[self._count + start : self._count + end]

    def _check(self, blocks: IndexArray) -> None:
        for block in blocks[~self._is_checked[blocks]].tolist():
            if _crc(*self._block(block)) != self._crcs[block]:
                raise DamagedRunError(self.path)
            self._is_checked[block] = True


def _crc(hashes: U64Array, places: U64Array) -> int:
    return zlib.crc32(places.data, zlib.crc32(hashes.data))


def write_run(
    path: Path, header: Mapping[str, Any], slices: Iterator[tuple[U64Array, U64Array]], count: int
) -> None:
    """Write a run piece by piece.

    Args:
        path: where to; must not exist.
        header: what opening it will have to expect.
        slices: the run in order.
        count: how many entries they hold together.
    """
    firsts, crcs = bytearray(), bytearray()
    written = 0
    left = (np.empty(0, np.uint64), np.empty(0, np.uint64))
    with path.open("xb") as file:

        def put(hashes: U64Array, places: U64Array) -> None:
            nonlocal written
            hashes, places = (np.ascontiguousarray(some, _U64) for some in (hashes, places))
            firsts.extend(hashes[::BLOCK].tobytes())
            for start in range(0, len(hashes), BLOCK):
                part = slice(start, start + BLOCK)
                crcs.extend(_crc(hashes[part], places[part]).to_bytes(4, "little"))
            for values, offset in ((hashes, 0), (places, 8 * count)):
                file.seek(HEADER_BYTES + offset + 8 * written)
                file.write(values.data)
            written += len(hashes)

        for hashes, places in slices:
            if len(left[0]):
                left = (np.concatenate([left[0], hashes]), np.concatenate([left[1], places]))
            else:
                left = (hashes, places)
            whole = len(left[0]) // BLOCK * BLOCK
            put(left[0][:whole], left[1][:whole])
            left = (left[0][whole:], left[1][whole:])
        put(*left)
        checks = bytes(firsts + crcs)
        file.seek(HEADER_BYTES + 2 * 8 * count)
        file.write(checks)
        line = json.dumps({**header, "count": count, "tail_crc": zlib.crc32(checks)})
        file.seek(0)
        file.write(line.encode().ljust(HEADER_BYTES - 1) + b"\n")
