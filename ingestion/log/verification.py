"""Checking a log from its bytes up, believing nothing but the hashes: no cache is read.

What stays out: repairing (there is no repair but a backup).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import rfc8785

from ingestion.errors import DemoscopeError
from ingestion.log.chain import is_commit_name
from ingestion.log.file_checks import check_compacted, check_segment
from ingestion.log.layout import SEQ_DIGITS, Layout
from ingestion.log.matching import HASH, literal
from ingestion.log.origin import read_origin
from ingestion.log.record import FIRST_POSITION, Commit, hash_of
from ingestion.log.redactions import Redactions


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
        byte_count: bytes of segments read.
        head_hash: SHA-256 of the last commit; of FORMAT in an empty log.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    commit_count: int = 0
    event_count: int = 0
    redacted_count: int = 0
    byte_count: int = 0
    head_hash: str = ""

    @property
    def is_ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def add(self, path: Path, message: str) -> None:
        """Record a fault."""
        self.findings.append(Finding(path, message))


def verify(layout: Layout) -> Verification:
    """Check FORMAT, the chain, the schemas, every segment, and that no event is there twice."""
    report = Verification()
    try:
        report.head_hash = read_origin(layout).sha256
    except (DemoscopeError, OSError) as error:
        report.add(layout.format, str(error))
    commits = list(_chain(layout, report))
    redactions = _redactions(layout, commits, report)
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
            elif check_segment(path, segment, redacted, schemas[segment.schema], report.add):
                readable.append(path)
                report.byte_count += path.stat().st_size
            seen.add(segment.sha256)
    _uniqueness(readable, report)
    compacted, compacted_schemas = check_compacted(layout, commits, redactions, report.add)
    files = {redactions.file_of(sha256) for sha256 in compacted | seen}
    _strays(layout, files, compacted_schemas.union(schemas), redactions.superseded, report)
    return report


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
        named.update(segment.sha256 for segment in commit.segments)
        named.update(compacted.sha256 for compacted in commit.compacted)
    return redactions


def _chain(layout: Layout, report: Verification) -> Iterator[Commit]:
    expected_position = FIRST_POSITION
    last_recorded = -1
    batches: set[str] = set()
    names = sorted(path.name for path in layout.commits.glob("*") if is_commit_name(path.name))
    head = int(names[-1][:SEQ_DIGITS]) if names else 0
    for seq in range(1, head + 1):
        path = layout.commit(seq)
        try:
            content = path.read_bytes()
            commit = Commit.decode(content, path)
        except (DemoscopeError, OSError) as error:
            report.add(path, f"missing or damaged ({error})")
            # The next one's prev_hash cannot be checked against what is not there.
            report.head_hash = ""
            continue
        faults = {
            "does not have the number of its name": commit.seq != seq,
            "is not canonical JSON": rfc8785.dumps(json.loads(content)) != content,
            "does not continue the chain from the file before it": report.head_hash
            not in {"", commit.prev_hash},
            "repeats a batch_id": commit.batch_id in batches,
            "does not rise in recorded_at": commit.recorded_us <= last_recorded,
            "leaves a gap in the positions": report.head_hash != ""
            and commit.first_position != expected_position,
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


def _schema(layout: Layout, sha256: str, report: Verification) -> list[tuple[str, str]]:
    path = layout.schema(sha256)
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            report.add(path, "its content does not have the hash it is named after")
        return [(column["name"], column["type"]) for column in json.loads(content)["columns"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        report.add(path, f"missing or damaged ({error})")
        return []


def _uniqueness(paths: list[Path], report: Verification) -> None:
    """No event_id twice. By hashes first: ids that share one are a fault only if they are equal."""
    if not paths:
        return
    files = f"read_parquet([{', '.join(map(literal, paths))}], filename = true)"
    alike = f"SELECT {HASH} FROM {files} GROUP BY ALL HAVING count(*) > 1"
    query = f"SELECT event_id, filename FROM {files} WHERE {HASH} IN ({alike})"
    with duckdb.connect() as connection:
        found = connection.sql(query).fetchall()
    order = {str(path): number for number, path in enumerate(paths)}
    first: dict[str, str] = {}
    for value, path in sorted(found, key=lambda row: order[row[1]]):
        if value in first:
            report.add(Path(path), f"event {value} is also in {first[value]}")
        first.setdefault(value, path)


def _strays(
    layout: Layout,
    segments: set[str],
    schemas: set[str],
    superseded: Mapping[str, int],
    report: Verification,
) -> None:
    expected = {layout.segment(sha256) for sha256 in segments}
    expected |= {layout.schema(sha256) for sha256 in schemas}
    for path in (*layout.segments.rglob("*"), *layout.schemas.glob("*")):
        if path.is_file() and path not in expected:
            message = "belongs to no commit, and is not read"
            if path.stem in superseded:
                message = (
                    f"commit {superseded[path.stem]} erased rows of it: it is not read, but has to"
                    " be destroyed; the same `demoscope log erase` again does it"
                )
            report.notes.append(Finding(path, message))
    for path in layout.commits.glob("*"):
        if not is_commit_name(path.name):
            report.notes.append(Finding(path, "is not a commit, and is not read"))
