"""A sorted run on the disk: searched where it lies, and checked before it is believed.

Layout, little-endian: one line of JSON padded to 512 bytes; n hashes (u64); n places (u64); a
filter (id_filter.py, u64, none where there are few hashes); per block of 4,096 entries its first
hash (u64) and a CRC-32 over its hashes and places (u32); per 1,024 words of the filter a CRC-32. A
search checks what it touches, each part once per opened file, so a small search in a large run
reads little and a damaged byte is an error, never a wrong answer.

What stays out: what to do about a damaged file (id_cache.py: delete it and build it again).
"""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.log.row_tree import COMPILED_ROWS
from ingestion.log.runs import MERGE_ROWS, IndexArray, Slices, U64Array, search

HEADER_BYTES = 512
BLOCK = 4096
FILTER_BLOCK = 1024
_U64 = np.dtype("<u8")
_U32 = np.dtype("<u4")
Piece = tuple[U64Array, U64Array]


class DamagedRunError(Exception):
    """A run file is not what was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class FileRun:
    """A run in a file.

    Args:
        path: the file.
        expected: what its header must say besides the counts.
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
                count, filtered = int(header.pop("count")), int(header.pop("filter"))
                tail_crc = int(header.pop("tail_crc"))
                blocks, filter_blocks = -(-count // BLOCK), -(-filtered // FILTER_BLOCK)
                words = 2 * count + filtered
                size = HEADER_BYTES + 8 * words + 12 * blocks + 4 * filter_blocks
                if header != expected or path.stat().st_size != size:
                    raise DamagedRunError(path)
                file.seek(HEADER_BYTES + 8 * words)
                checks = file.read()
                # Private, not read-only: kernels are compiled once for arrays that can be written.
                self._memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedRunError(path) from error
        if zlib.crc32(checks) != tail_crc:
            raise DamagedRunError(path)
        self._count = count
        self._words = np.frombuffer(self._memory, _U64, words, HEADER_BYTES)
        self._filter = self._words[2 * count :]
        self._firsts = np.frombuffer(checks, _U64, blocks)
        self._crcs = np.frombuffer(checks, _U32, blocks, 8 * blocks)
        self._filter_crcs = np.frombuffer(checks, _U32, filter_blocks, 12 * blocks)
        self._is_checked = np.full(blocks, is_checked)
        self._is_filter_checked = np.full(filter_blocks, is_checked)

    def __len__(self) -> int:
        return self._count

    def find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        """See Run. Raises DamagedRunError where a block it needs is damaged."""
        try:
            return self._filtered(needles)
        finally:
            self._release()

    def _filtered(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        if not len(self._filter) or len(needles) < COMPILED_ROWS:
            return self._find(needles)
        from ingestion.log.id_filter import passing, word_of

        if not self._is_filter_checked.all():
            self._check_filter(word_of(needles, len(self._filter)) // FILTER_BLOCK)
        passed = passing(self._filter, needles)
        found, places = self._find(needles[passed])
        return passed[found], places

    def _find(self, needles: U64Array) -> tuple[IndexArray, U64Array]:
        if not len(needles) or not self._count:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        touched = self._touched(needles)
        if self._is_checked.all() or 2 * len(touched) > len(self._firsts):
            self._check(np.arange(len(self._firsts)))
            hashes, places = self._words[: self._count], self._words[self._count :]
            return search(hashes, places[: self._count], needles)
        self._check(touched)
        pieces = [self._block(block) for block in touched.tolist()]
        hashes = np.concatenate([piece[0] for piece in pieces])
        return search(hashes, np.concatenate([piece[1] for piece in pieces]), needles)

    def _touched(self, needles: U64Array) -> IndexArray:
        """Blocks that may hold a needle."""
        if len(needles) > len(self._firsts):
            return np.arange(len(self._firsts))
        # A hash that begins a block may also end the one before.
        first = np.maximum(np.searchsorted(self._firsts, needles) - 1, 0)
        last = np.maximum(np.searchsorted(self._firsts, needles, side="right") - 1, 0)
        is_touched = np.zeros(len(self._firsts) + 1, np.int64)
        np.add.at(is_touched, first, 1)
        np.add.at(is_touched, last + 1, -1)
        return np.flatnonzero(np.cumsum(is_touched[:-1]))

    def slices(self) -> Iterator[tuple[U64Array, U64Array]]:
        """See Slices. Raises DamagedRunError."""
        for start in range(0, self._count, MERGE_ROWS):
            end = min(start + MERGE_ROWS, self._count)
            self._check(np.arange(start // BLOCK, -(-end // BLOCK)))
            hashes = self._words[start:end].copy()
            places = self._words[self._count + start : self._count + end].copy()
            self._release()
            yield hashes, places

    def _release(self) -> None:
        """What was looked at need not stay in this process's memory."""
        self._memory.madvise(mmap.MADV_DONTNEED)

    def _block(self, block: int) -> tuple[U64Array, U64Array]:
        start, end = block * BLOCK, min((block + 1) * BLOCK, self._count)
        return self._words[start:end], self._words[self._count + start : self._count + end]

    def _check_filter(self, touched: IndexArray) -> None:
        is_touched = np.zeros(len(self._filter_crcs), np.bool_)
        is_touched[touched] = True
        for block in np.flatnonzero(is_touched & ~self._is_filter_checked).tolist():
            words = self._filter[block * FILTER_BLOCK : (block + 1) * FILTER_BLOCK]
            if zlib.crc32(words.data) != self._filter_crcs[block]:
                raise DamagedRunError(self.path)
            self._is_filter_checked[block] = True

    def _check(self, blocks: IndexArray) -> None:
        for block in blocks[~self._is_checked[blocks]].tolist():
            if _crc(*self._block(block)) != self._crcs[block]:
                raise DamagedRunError(self.path)
            self._is_checked[block] = True


def _crc(hashes: U64Array, places: U64Array) -> int:
    return zlib.crc32(places.data, zlib.crc32(hashes.data))


def _both(left: Piece, piece: Piece, start: int, end: int) -> Piece:
    """What is left, and a part of a piece behind it."""
    return (
        np.concatenate([left[0], piece[0][start:end]]),
        np.concatenate([left[1], piece[1][start:end]]),
    )


def write_run(path: Path, header: Mapping[str, Any], ids: Slices) -> None:
    """Write a run piece by piece.

    Args:
        path: where to; must not exist.
        header: what opening it will have to expect.
        ids: the run.
    """
    count, written = len(ids), 0
    firsts, crcs = bytearray(), bytearray()
    words = np.empty(0, _U64)
    if count >= COMPILED_ROWS:
        from ingestion.log.id_filter import empty_filter, enter

        words = empty_filter(count)
    left = nothing = (np.empty(0, np.uint64), np.empty(0, np.uint64))
    with path.open("xb") as file:

        def put(hashes: U64Array, places: U64Array) -> None:
            nonlocal written
            hashes, places = (np.ascontiguousarray(some, _U64) for some in (hashes, places))
            if len(words):
                enter(words, hashes)
            firsts.extend(hashes[::BLOCK].tobytes())
            for start in range(0, len(hashes), BLOCK):
                part = slice(start, start + BLOCK)
                crcs.extend(_crc(hashes[part], places[part]).to_bytes(4, "little"))
            for values, offset in ((hashes, 0), (places, 8 * count)):
                file.seek(HEADER_BYTES + offset + 8 * written)
                file.write(values.data)
            written += len(hashes)

        for piece in ids.slices():
            # What fills a block that is begun, then whole blocks, then what begins another.
            head = min(-len(left[0]) % BLOCK, len(piece[0]))
            whole = head + (len(piece[0]) - head) // BLOCK * BLOCK
            left = _both(left, piece, 0, head)
            if not len(left[0]) % BLOCK:
                put(*left)
                left = nothing
            put(piece[0][head:whole], piece[1][head:whole])
            left = _both(left, piece, whole, len(piece[0]))
        put(*left)
        for start in range(0, len(words), FILTER_BLOCK):
            part = words[start : start + FILTER_BLOCK]
            crcs.extend(zlib.crc32(part.data).to_bytes(4, "little"))
        checks = bytes(firsts + crcs)
        file.seek(HEADER_BYTES + 2 * 8 * count)
        file.write(words.data)
        file.write(checks)
        counts = {"count": count, "filter": len(words), "tail_crc": zlib.crc32(checks)}
        line = json.dumps({**header, **counts})
        file.seek(0)
        file.write(line.encode().ljust(HEADER_BYTES - 1) + b"\n")
