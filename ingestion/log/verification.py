"""Checking a log from its bytes up. It trusts nothing but the hashes, and reads no cache."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import rfc8785

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.log.chain import (
    FIRST_POSITION,
    Commit,
    Compacted,
    Names,
    Redacted,
    Redactions,
    Segment,
    hash_of,
    hashes_in,
)
from ingestion.log.clock import DAY_US
from ingestion.log.held_files import (
    HeldFile,
    compacted_schema,
    held_files,
    path_literal,
    read_positioned,
)
from ingestion.log.layout import Layout, commit_number, read_origin, read_schema
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.leaves import ENVELOPE
from ingestion.log.salts import METADATA_KEY, Salts
from ingestion.log.segments import NONCE_KEY, hash_file, read_segment, readable

_MALFORMED = (ValueError, KeyError, TypeError, RecursionError, pa.ArrowException, duckdb.Error)
PASS_ROWS = 16_000_000
"""So many ids are compared at a time, to bound memory."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Args:
        path: the file; of one at an object store its address.
        message: what is wrong with it.
    """

    path: Path | str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass
class Verification:
    """What a check of the whole log found.

    Args:
        findings: faults; none in a sound log.
        notes: files that belong to no commit, which is harmless.
        commit_count: commits read.
        event_count: events they hold, erased ones too.
        redacted_count: of them, events of which only id and type are left.
        head_hash: SHA-256 of the last commit; of FORMAT in an empty log.
        sound: for each segment without a fault, what it is by its hash and what is said of it.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    commit_count: int = 0
    event_count: int = 0
    redacted_count: int = 0
    head_hash: str = ""
    sound: set[str] = field(default_factory=set)

    @property
    def is_ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def add(self, path: Path | str, message: str) -> None:
        """Record a fault."""
        self.findings.append(Finding(path, message))

    def add_faults(self, path: Path, faults: Mapping[str, bool]) -> None:
        """Record those of a file's possible faults which it has."""
        for message, is_fault in faults.items():
            if is_fault:
                self.add(path, message)

    @contextmanager
    def damage(self, path: Path) -> Iterator[None]:
        """Record as a fault of a file that it cannot be read."""
        try:
            yield
        except (DemoscopeError, OSError, *_MALFORMED) as error:
            self.add(path, f"missing or damaged ({error})")


def verify(layout: Layout, known: Collection[str] = ()) -> Verification:
    """Check FORMAT, the chain, the schemas, every file, and that no event is there twice.

    Args:
        layout: of the log.
        known: what an earlier check had in ``sound``. Of such segments the bytes are hashed, and
            ids compared; their rows are what they were, and are not hashed one by one.
    """
    return _Check(layout, known).of_everything()


class _Check:
    """One check of a log: what was found, and what the commits say of files.

    `columns` has those of each schema, none of a damaged one; `readable` the segments whose ids can
    be compared, and `named` every file that belongs to the log.
    """

    def __init__(self, layout: Layout, known: Collection[str]) -> None:
        self.layout = layout
        self.known = known
        self.report = Verification()
        self.redactions = Redactions()
        self.columns: dict[str, list[tuple[str, str]]] = {}
        self.readable: list[Path] = []
        self.named: set[Path] = set()

    def of_everything(self) -> Verification:
        with self.report.damage(self.layout.format):
            self.report.head_hash = read_origin(self.layout).sha256
        commits = list(self._chain())
        self._redacted(commits)
        self._schemas(commits)
        self._segments(commits)
        self._compacted(commits)
        self._other_files(commits)
        self._strays()
        return self.report

    def _chain(self) -> Iterator[Commit]:
        report = self.report
        expected_position, last_recorded = FIRST_POSITION, -1
        latest = time.time_ns() // 1000 + DAY_US
        batches: set[str] = set()
        for seq in range(1, self.layout.last_seq() + 1):
            path = self.layout.commit(seq)
            # The next one's prev_hash cannot be checked against what is not there.
            known, report.head_hash = report.head_hash, ""
            with report.damage(path):
                content = path.read_bytes()
                commit = Commit.decode(content, path)
                is_ahead = commit.recorded_us > latest
                is_gap = commit.first_position != expected_position
                report.add_faults(
                    path,
                    {
                        "does not have the number of its name": commit.seq != seq,
                        "is not canonical JSON": rfc8785.dumps(json.loads(content)) != content,
                        "does not continue the chain from the file before it": bool(known)
                        and commit.prev_hash != known,
                        "repeats a batch_id": commit.batch_id in batches,
                        "does not rise in recorded_at": commit.recorded_us <= last_recorded,
                        f"is of {commit.recorded_text}, which the clock has not reached": is_ahead,
                        "leaves a gap in the positions": bool(known) and is_gap,
                    },
                )
                batches.add(commit.batch_id)
                last_recorded, expected_position = commit.recorded_us, commit.next_position
                report.head_hash = hash_of(content)
                report.commit_count += 1
                report.event_count += commit.event_count
                yield commit

    def _redacted(self, commits: list[Commit]) -> None:
        """Learn what stands in place of what; a commit can say so of earlier ones' files only."""
        types: dict[str, str] = {}
        for commit in commits:
            for redacted in commit.redacted:
                path, kind = self.layout.segment(redacted.original), types.get(redacted.original)
                faults = {
                    f"erases rows of {path}, which is not there": kind is None,
                    f"says {path} is of {redacted.event_type}": kind
                    not in (None, redacted.event_type),
                }
                self.report.add_faults(self.layout.commit(commit.seq), faults)
            self.redactions.add(commit)
            types.update((file.sha256, file.event_type) for file in commit.files)

    def _segments(self, commits: list[Commit]) -> None:
        seen: set[str] = set()
        for commit in commits:
            for segment in commit.segments:
                path = self.layout.segment(self.redactions.file_of(segment.sha256))
                self.named.add(path)
                redacted = self.redactions.of(segment.sha256)
                self.report.redacted_count += 0 if redacted is None else redacted.rows
                if segment.sha256 in seen:
                    self.report.add(self.layout.commit(commit.seq), f"names {path} a second time")
                else:
                    self._segment(path, segment, redacted)
                seen.add(segment.sha256)
        self._repeats(self.readable)

    def _schemas(self, commits: list[Commit]) -> None:
        for sha256 in _named(commits, Names.SCHEMA):
            self.named.add(self.layout.schema(sha256))
            self._schema(sha256)

    def _other_files(self, commits: list[Commit]) -> None:
        """Check the files that nothing is read from, but which a commit names."""
        for sha256 in _named(commits, Names.FILE):
            path = self.layout.segment(sha256)
            if path not in self.named and sha256 not in self.redactions.superseded:
                self.named.add(path)
                with self.report.damage(path):
                    if hash_file(path) != sha256:
                        self.report.add(path, "it does not have the hash it is named after")

    def _schema(self, sha256: str) -> None:
        self.columns[sha256] = []
        with self.report.damage(self.layout.schema(sha256)):
            columns = read_schema(self.layout, sha256)["columns"]
            self.columns[sha256] = [(column["name"], column["type"]) for column in columns]

    def _segment(self, path: Path, segment: Segment, redacted: Redacted | None) -> None:
        with self.report.damage(path):
            named, size = redacted or segment, path.stat().st_size
            if size != named.bytes or hash_file(path) != named.sha256:
                self.report.add(path, f"its {size} bytes do not have the hash it is named after")
                return
            said = _said(segment, redacted)
            before = len(self.report.findings)
            if said not in self.known:
                self._rows(path, segment, redacted)
            if len(self.report.findings) == before:
                self.report.sound.add(said)
            self.readable.append(path)

    def _rows(self, path: Path, segment: Segment, redacted: Redacted | None) -> None:
        table, salts = read_segment(path)
        foreign = _metadata_keys(path) - {METADATA_KEY}
        columns = self.columns[segment.schema]
        found = [(column.name, str(column.type)) for column in table.schema]
        rows, erased, said = len(table), len(salts.erased), redacted.rows if redacted else 0
        left = _left_of_the_erased(table, salts)
        strange = {*table["event_type"].unique().to_pylist()} - {segment.event_type}
        is_root = tree_of(table, salts).root.hex() == segment.row_root
        self.report.add_faults(
            path,
            {
                f"has {rows} rows; its commit says {segment.rows}": rows != segment.rows,
                "its columns are not those of its schema": found != (columns or found),
                "its rows do not have the root that its commit says": not is_root,
                f"its commit says {segment.event_type}; it has {strange}": bool(strange),
                f"{erased} of its rows are erased; commits say {said}": erased != said,
                f"of its erased rows there is more than id and type: {left}": bool(left),
                f"has metadata that nobody reads: {_shown(foreign)}": bool(foreign),
            },
        )

    def _repeats(self, paths: list[Path]) -> None:
        """No event_id twice: first by hashes, in passes that bound memory, then by the ids."""
        if not paths:
            return
        passes = -(-self.report.event_count // PASS_ROWS) or 1
        ids = f"read_parquet([{', '.join(map(path_literal, paths))}], hive_partitioning = false)"
        with duckdb.connect() as connection:
            for number in range(passes):
                repeats = connection.sql(
                    f"SELECT event_id, list(file_index ORDER BY file_index) FROM {ids}"
                    f" SEMI JOIN (SELECT hash(event_id) AS hashed FROM {ids}"
                    f" WHERE hash(event_id) % {passes} = {number} GROUP BY ALL HAVING count(*) > 1)"
                    " ON hash(event_id) = hashed GROUP BY ALL HAVING count(*) > 1 ORDER BY event_id"
                )
                for event_id, (first, *others) in repeats.fetchall():
                    for other in others:
                        message = f"event {event_id} is also in {paths[first]}"
                        self.report.add(paths[other], message)

    def _compacted(self, commits: list[Commit]) -> None:
        """Compare every compacted row with the segments'."""
        plain = (replace(commit, compacted=()) for commit in commits)
        segments = held_files(plain, self.redactions)
        for commit in commits:
            for compacted in commit.compacted:
                first, last = compacted.first_position, compacted.last_position
                sources = [
                    file
                    for file in segments.get(compacted.event_type, [])
                    if first <= file.named.first_position <= last and file.commit_seq < commit.seq
                ]
                held = HeldFile.of(commit, compacted, self.redactions)
                path = self.layout.segment(held.sha256)
                with self.report.damage(path):
                    found = read_positioned(self.layout, held)
                    fault = self._difference(compacted, found, sources)
                    if (size := path.stat().st_size) != held.bytes:
                        fault = f"has {size} bytes; commits say {held.bytes}"
                    if foreign := _metadata_keys(path) - {NONCE_KEY}:
                        fault = f"has metadata that nobody reads: {_shown(foreign)}"
                    if fault is not None:
                        self.report.add(path, fault)
                self.named.add(path)

    def _difference(
        self, compacted: Compacted, found: pa.Table, sources: list[HeldFile]
    ) -> str | None:
        try:
            schemas = {hash_of(compacted_schema(self.layout, file)) for file in sources}
            if schemas != {compacted.schema}:
                return "its schema is not that of the segments it stands for"
            expected = pa.concat_tables([read_positioned(self.layout, file) for file in sources])
        except IntegrityError:
            return None  # the segment's or schema's own fault, which is reported where it is
        is_all = sources[-1].named.last_position == compacted.last_position
        is_same = is_all and expected.equals(found)
        return None if is_same else "its rows are not those of the segments it stands for"

    def _strays(self) -> None:
        """Note every file that is not in the log."""
        for path in (*self.layout.segments.rglob("*"), *self.layout.schemas.glob("*")):
            if path.is_file() and path not in self.named:
                message = "belongs to no commit, and is not read"
                if seq := self.redactions.superseded.get(path.stem):
                    message = (
                        f"commit {seq} erased rows of it: it is not read, but has to be destroyed;"
                        " the same `demoscope log erase` again does it"
                    )
                self.report.notes.append(Finding(path, message))
        for path in self.layout.commits.glob("*"):
            if not commit_number(path.name):
                self.report.notes.append(Finding(path, "is not a commit, and is not read"))


def _said(segment: Segment, redacted: Redacted | None) -> str:
    """All that the check of a segment's rows depends on: its bytes, by their hash, and commits."""
    file, erased = (segment.sha256, 0) if redacted is None else (redacted.sha256, redacted.rows)
    said = segment.event_type, segment.schema, segment.row_root, segment.rows, erased
    return " ".join(map(str, (file, *said)))


def _named(commits: list[Commit], kind: Names) -> dict[str, None]:
    """The hashes of one kind that commits name, each once, in order."""
    return {sha256: None for commit in commits for of, sha256 in hashes_in(commit) if of is kind}


def _metadata_keys(path: Path) -> set[bytes]:
    with readable(path) as file:
        return set(file.metadata.metadata or {})


def _shown(keys: set[bytes]) -> str:
    return ", ".join(sorted(ascii(key.decode(errors="replace")) for key in keys))


def _left_of_the_erased(table: pa.Table, salts: Salts) -> str:
    """Columns in which an erased row still has a value."""
    rows = table.take(pa.array(list(salts.erased), pa.int64()))
    names = [name for name in rows.column_names if name not in ENVELOPE]
    return ", ".join(name for name in names if rows[name].null_count < len(rows))
