"""Checking a log from its bytes up. It trusts nothing but the hashes, and reads no cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import rfc8785

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.log.chain import (
    FIRST_POSITION,
    Commit,
    Compacted,
    Redacted,
    Redactions,
    Segment,
    hash_of,
)
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
from ingestion.log.salts import Salts
from ingestion.log.segments import hash_file, read_segment

Report = Callable[[Path, str], None]
PASS_ROWS = 16_000_000
"""So many ids are compared at a time, to bound memory."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Args:
        path: the file.
        message: what is wrong with it.
    """

    path: Path
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
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    commit_count: int = 0
    event_count: int = 0
    redacted_count: int = 0
    head_hash: str = ""

    @property
    def is_ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def add(self, path: Path, message: str) -> None:
        """Record a fault."""
        self.findings.append(Finding(path, message))


def verify(layout: Layout) -> Verification:
    """Check FORMAT, the chain, the schemas, every file, and that no event is there twice."""
    report = Verification()
    try:
        report.head_hash = read_origin(layout).sha256
    except (DemoscopeError, OSError) as error:
        report.add(layout.format, str(error))
    commits = list(_chain(layout, report))
    redactions = _redactions(layout, commits, report)
    expected = _segments(layout, commits, redactions, report)
    expected |= _compacted(layout, commits, redactions, report)
    _strays(layout, expected, redactions, report)
    return report


def _chain(layout: Layout, report: Verification) -> Iterator[Commit]:
    expected_position = FIRST_POSITION
    last_recorded = -1
    batches: set[str] = set()
    for seq in range(1, layout.last_seq() + 1):
        path = layout.commit(seq)
        try:
            content = path.read_bytes()
            commit = Commit.decode(content, path)
        except (DemoscopeError, OSError) as error:
            report.add(path, f"missing or damaged ({error})")
            # The next one's prev_hash cannot be checked against what is not there.
            report.head_hash = ""
            continue
        known = report.head_hash
        faults = {
            "does not have the number of its name": commit.seq != seq,
            "is not canonical JSON": rfc8785.dumps(json.loads(content)) != content,
            "does not continue the chain from the file before it": known
            and commit.prev_hash != known,
            "repeats a batch_id": commit.batch_id in batches,
            "does not rise in recorded_at": commit.recorded_us <= last_recorded,
            "leaves a gap in the positions": known and commit.first_position != expected_position,
        }
        for message, is_fault in faults.items():
            if is_fault:
                report.add(path, message)
        batches.add(commit.batch_id)
        last_recorded, expected_position = commit.recorded_us, commit.next_position
        report.head_hash = hash_of(content)
        report.commit_count += 1
        report.event_count += commit.event_count
        yield commit


def _redactions(layout: Layout, commits: list[Commit], report: Verification) -> Redactions:
    """What stands in place of what; a commit can do that to files of earlier ones only."""
    redactions = Redactions()
    named: set[str] = set()
    for commit in commits:
        for redacted in commit.redacted:
            if redacted.original not in named:
                path = layout.segment(redacted.original)
                report.add(layout.commit(commit.seq), f"erases rows of {path}, which is not there")
        redactions.add(commit)
        named.update(file.sha256 for file in (*commit.segments, *commit.compacted))
    return redactions


def _segments(
    layout: Layout, commits: list[Commit], redactions: Redactions, report: Verification
) -> set[Path]:
    """Check every segment; the paths of segments and their schemas."""
    schemas: dict[str, list[tuple[str, str]]] = {}
    seen: set[str] = set()
    readable: list[Path] = []
    for commit in commits:
        for segment in commit.segments:
            if segment.schema not in schemas:
                schemas[segment.schema] = _schema(layout, segment.schema, report)
            path = layout.segment(redactions.file_of(segment.sha256))
            redacted = redactions.of(segment.sha256)
            report.redacted_count += 0 if redacted is None else redacted.rows
            if segment.sha256 in seen:
                report.add(layout.commit(commit.seq), f"names {path} a second time")
            elif _check_segment(path, segment, redacted, schemas[segment.schema], report.add):
                readable.append(path)
            seen.add(segment.sha256)
    _uniqueness(readable, report)
    files = {layout.segment(redactions.file_of(sha256)) for sha256 in seen}
    return files | {layout.schema(sha256) for sha256 in schemas}


def _schema(layout: Layout, sha256: str, report: Verification) -> list[tuple[str, str]]:
    try:
        columns = read_schema(layout, sha256)["columns"]
        return [(column["name"], column["type"]) for column in columns]
    except (DemoscopeError, OSError, ValueError, KeyError, TypeError) as error:
        report.add(layout.schema(sha256), f"missing or damaged ({error})")
        return []


def _uniqueness(paths: list[Path], report: Verification) -> None:
    """No event_id twice: first by hashes, in passes that bound memory, then by the ids."""
    if not paths:
        return
    passes = -(-report.event_count // PASS_ROWS) or 1
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
                    report.add(paths[other], f"event {event_id} is also in {paths[first]}")


def _compacted(
    layout: Layout, commits: list[Commit], redactions: Redactions, report: Verification
) -> set[Path]:
    """Compare every compacted row with the segments'; the paths of the files and their schemas."""
    segments = held_files((replace(commit, compacted=()) for commit in commits), redactions)
    expected: set[Path] = set()
    for commit in commits:
        for compacted in commit.compacted:
            sources = [
                file
                for file in segments.get(compacted.event_type, [])
                if compacted.first_position <= file.named.first_position <= compacted.last_position
                and file.commit_seq < commit.seq
            ]
            held = HeldFile.of(commit, compacted, redactions)
            path = layout.segment(held.sha256)
            fault = _fault(layout, compacted, held, sources)
            if fault is not None:
                report.add(path, fault)
            expected |= {path, layout.schema(compacted.schema)}
    return expected


def _fault(
    layout: Layout, compacted: Compacted, held: HeldFile, sources: list[HeldFile]
) -> str | None:
    try:
        found = read_positioned(layout, held)
        size = layout.segment(held.sha256).stat().st_size
    except (DemoscopeError, OSError) as error:
        return f"missing or damaged ({error})"
    if size != held.bytes:
        return f"has {size} bytes; commits say {held.bytes}"
    try:
        schemas = {compacted_schema(layout, file.named.schema)[0] for file in sources}
        if schemas != {compacted.schema}:
            return "its schema is not that of the segments it stands for"
        expected = pa.concat_tables([read_positioned(layout, file) for file in sources])
    except IntegrityError:
        return None  # the segment's or schema's own fault, which is reported where it is
    is_same = sources[-1].named.last_position == compacted.last_position and expected.equals(found)
    return None if is_same else "its rows are not those of the segments it stands for"


def _strays(
    layout: Layout, expected: set[Path], redactions: Redactions, report: Verification
) -> None:
    """Note every file that is not in the log."""
    for path in (*layout.segments.rglob("*"), *layout.schemas.glob("*")):
        if path.is_file() and path not in expected:
            message = "belongs to no commit, and is not read"
            if path.stem in redactions.superseded:
                message = (
                    f"commit {redactions.superseded[path.stem]} erased rows of it: it is not read,"
                    " but has to be destroyed; the same `demoscope log erase` again does it"
                )
            report.notes.append(Finding(path, message))
    for path in layout.commits.glob("*"):
        if not commit_number(path.name):
            report.notes.append(Finding(path, "is not a commit, and is not read"))


def _check_segment(
    path: Path,
    segment: Segment,
    redacted: Redacted | None,
    columns: list[tuple[str, str]],
    add: Report,
) -> bool:
    """Check a segment; whether its ids can be read. `columns`: none where its schema is damaged."""
    named = segment if redacted is None else redacted
    try:
        size, sha256 = path.stat().st_size, hash_file(path)
        if size != named.bytes or sha256 != named.sha256:
            add(path, f"its {size} bytes do not have the hash it is named after")
            return False
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            found = [(column.name, str(column.type)) for column in file.schema_arrow]
    except (OSError, pa.ArrowException) as error:
        add(path, f"missing or damaged ({error})")
        return False
    if rows != segment.rows:
        add(path, f"has {rows} rows; its commit says {segment.rows}")
    if columns and found != columns:
        add(path, "its columns are not those of its schema")
    _check_rows(path, segment, 0 if redacted is None else redacted.rows, add)
    return True


def _check_rows(path: Path, segment: Segment, erased: int, add: Report) -> None:
    try:
        table, salts = read_segment(path)
        root = tree_of(table, salts).root.hex()
        left = _left_of_the_erased(table, salts)
    except (DemoscopeError, KeyError, ValueError, pa.ArrowException) as error:
        add(path, f"its rows cannot be hashed ({error})")
        return
    if root != segment.row_root:
        add(path, "its rows do not have the root that its commit says")
    if len(salts.erased) != erased:
        add(path, f"{len(salts.erased)} of its rows are erased; commits say {erased}")
    if left:
        add(path, f"of its erased rows there is more than id and type: {', '.join(left)}")


def _left_of_the_erased(table: pa.Table, salts: Salts) -> list[str]:
    """Columns in which an erased row still has a value."""
    rows = table.take(pa.array(list(salts.erased), pa.int64()))
    return [
        name
        for name in rows.column_names
        if name not in ENVELOPE and pc.any(rows[name].is_valid()).as_py()
    ]
