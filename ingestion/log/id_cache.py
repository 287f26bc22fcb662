"""Which event ids are in the log, and where: a cache that can be deleted at any moment.

Each file is a sorted run over the ids of consecutive commits, `<first>-<last>-<hash>.ids`, bound to
the chain by the hash of its last commit and to the hash function by its name. What is
missing or does not fit is built again from the segments; what is damaged is deleted first. Small
runs are merged as the log grows, four at a time, so a search asks few files however many commits
there were, and an id is written again log4 n times, not log2.

What stays out: the search itself (runs.py, run_file.py) and comparing the events (matching.py).
"""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.log.chain import Chain
from ingestion.log.id_hash import HASH_NAME, hash_ids
from ingestion.log.layout import SEQ_DIGITS
from ingestion.log.run_file import DamagedRunError, FileRun, write_run
from ingestion.log.runs import (
    IndexArray,
    MemoryRun,
    Run,
    Slices,
    U64Array,
    merge_due,
    merged,
)
from ingestion.log.segments import read_ids

BUILD_ROWS = 4_000_000
"""So many ids are read from segments and sorted at a time."""


class _Part:
    """A run and the commits it covers."""

    def __init__(self, first: int, last: int, run: Run) -> None:
        self.first, self.last, self.run = first, last, run


class IdCache:
    """Places are positions in the log."""

    def __init__(self, directory: Path, chain: Chain) -> None:
        self._directory = directory
        self._chain = chain
        self._parts: list[_Part] = []

    def find(self, needles: U64Array, up_to: int) -> tuple[IndexArray, U64Array]:
        """Where hashes occur in commits 1 to `up_to` (all of them, or as far as was asked before).

        Args:
            needles: hashes in rising order.
            up_to: the last commit to look in.

        Returns:
            For every match, the index into `needles` and the position.
        """
        try:
            self._cover(up_to)
            found = [part.run.find(needles) for part in self._parts]
        except DamagedRunError as damage:
            self._forget(damage)
            return self.find(needles, up_to)
        return (
            np.concatenate([np.empty(0, np.int64), *(index for index, _ in found)]),
            np.concatenate([np.empty(0, np.uint64), *(places for _, places in found)]),
        )

    def build(self, first: int, last: int) -> MemoryRun:
        """The ids that commits `first` to `last` added, read from their segments."""
        hashes, places = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for seq in range(first, last + 1):
            for segment in self._chain.commit(seq).segments:
                hashes.append(hash_ids(read_ids(self._chain.segment_path(segment.sha256))))
                begin = segment.first_position
                places.append(np.arange(begin, begin + segment.rows, dtype=np.uint64))
        return MemoryRun.of(np.concatenate(hashes), np.concatenate(places))

    def add(self, seq: int, ids: Slices) -> None:
        """Remember a commit just made, where everything before it is covered already."""
        if (self._parts[-1].last if self._parts else 0) != seq - 1:
            return
        try:
            self._append(seq, seq, ids)
        except DamagedRunError as damage:
            self._forget(damage)

    def _forget(self, damage: DamagedRunError) -> None:
        damage.path.unlink(missing_ok=True)
        self._parts = []

    def _cover(self, up_to: int) -> None:
        covered = self._parts[-1].last if self._parts else 0
        stored = self._stored(up_to) if covered < up_to else {}
        while covered < up_to:
            first = covered + 1
            part = self._open(first, stored.get(first, []))
            if part is None:
                last = self._enough(first, up_to)
                self._append(first, last, self.build(first, last))
                covered = last
            else:
                self._parts.append(part)
                covered = part.last

    def _enough(self, first: int, up_to: int) -> int:
        """The last commit of a run begun with `first`, so that it fits into memory."""
        rows, last = self._chain.commit(first).event_count, first
        while last < up_to and rows + self._chain.commit(last + 1).event_count <= BUILD_ROWS:
            last += 1
            rows += self._chain.commit(last).event_count
        return last

    def _stored(self, up_to: int) -> dict[int, list[int]]:
        """First commit -> last commits of the runs on the disk, the longest first."""
        stored: dict[int, list[int]] = {}
        for path in self._directory.glob("*-*-*.ids"):
            with contextlib.suppress(ValueError):
                first, last = map(int, path.stem.split("-")[:2])
                if 1 <= first <= last <= up_to and path == self._path(first, last):
                    stored.setdefault(first, []).append(last)
        return {first: sorted(lasts, reverse=True) for first, lasts in stored.items()}

    def _open(self, first: int, lasts: list[int]) -> _Part | None:
        for last in lasts:
            path = self._path(first, last)
            try:
                return _Part(first, last, FileRun(path, self._header(first, last)))
            except DamagedRunError:
                path.unlink(missing_ok=True)
        return None

    def _append(self, first: int, last: int, ids: Slices) -> None:
        """Keep ids, merged with their neighbours where these are not clearly larger."""
        outdated: list[Run] = []
        while count := merge_due([len(part.run) for part in self._parts], len(ids)):
            earlier = self._parts[-count:]
            del self._parts[-count:]
            outdated += [part.run for part in earlier]
            first, ids = earlier[0].first, merged([*(part.run for part in earlier), ids])
        stored = self._store(first, last, ids)
        self._parts.append(_Part(first, last, stored or MemoryRun.joined(ids.slices())))
        for run in outdated:
            if isinstance(run, FileRun) and stored is not None:
                run.path.unlink(missing_ok=True)

    def _store(self, first: int, last: int, ids: Slices) -> FileRun | None:
        """Write a run; None where the cache cannot be written, which is slow, not wrong."""
        path = self._path(first, last)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        header = self._header(first, last)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            try:
                write_run(temporary, header, ids)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            return FileRun(path, header, is_checked=True)
        except OSError:
            return None

    def _path(self, first: int, last: int) -> Path:
        name = f"{first:0{SEQ_DIGITS}d}-{last:0{SEQ_DIGITS}d}-{self._chain.hash_at(last)[:16]}"
        return self._directory / f"{name}.ids"

    def _header(self, first: int, last: int) -> dict[str, Any]:
        return {
            "chain": self._chain.hash_at(last),
            "first": first,
            "hash": HASH_NAME,
            "last": last,
        }
