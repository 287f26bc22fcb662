"""The log as Delta Lake or Iceberg tables over the same Parquet files, for other engines.

Nothing is copied: each table's directory holds symbolic links to the segments, so an engine's
VACUUM or an accident in the export takes a link away and never a file of the log. (Only where rows
were erased there are copies of what is left: exports_copies.py.) What an export holds is derived:
it can be deleted and made again at any time. Exporting again into the same directory makes a new
version of every table; a reader sees the old one or the new one.

What stays out: each format's metadata (exports_delta.py, exports_iceberg.py); positions and times
of recording, which are not in the files; whether the files are what they were (verification.py).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import rfc8785

from ingestion.contracts import CONTRACTS, Contract
from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.log.durable import explained
from ingestion.log.event_log import EventLog
from ingestion.log.exports_copies import copy_left, forget_superseded
from ingestion.log.record import Segment
from ingestion.vocabulary import EventType

MARKER = "demoscope-export.json"


class ExportFormat(StrEnum):
    """What other engines read."""

    DELTA = "delta"
    ICEBERG = "iceberg"


_MODULES = {ExportFormat.DELTA: "deltalake", ExportFormat.ICEBERG: "pyiceberg"}


@dataclass(frozen=True, kw_only=True)
class ExportedTable:
    """One event type of an export.

    Args:
        event_type: whose events.
        path: the table's directory.
        rows: how many.
        files: segments it names.
    """

    event_type: EventType
    path: Path
    rows: int
    files: int


Links = Sequence[tuple[Path, Segment]]
"""Links to segments (or copies of what is left of them), and what they hold."""

Writer = Callable[[Sequence[tuple[Path, pa.Schema, Links]]], None]
"""Makes a new version of each table: its directory, its schema, its files."""


def export(
    log: EventLog, directory: Path, kind: ExportFormat, as_of_seq: int
) -> list[ExportedTable]:
    """Register commits 1 to `as_of_seq` as one table per event type.

    Args:
        log: whose files.
        directory: made if need be; one that holds something else is refused.
        kind: which tables.
        as_of_seq: what `EventLog.resolve` said.

    Raises:
        UsageError: the directory is not an export of this log in this format, or the format's
            package is not installed.
        IntegrityError: a segment is missing.
        StorageError: the disk refused.
    """
    writer = _writer(kind)
    directory = directory.resolve()
    _claim(log, directory, kind)
    segments = _segments(log, as_of_seq)
    with explained("Writing to", directory):
        links = {
            event_type: _links(log, directory / event_type, contract, segments.get(event_type, []))
            for event_type, contract in CONTRACTS.items()
        }
        writer(
            [
                (directory / event_type, _schema(contract), links[event_type])
                for event_type, contract in CONTRACTS.items()
            ]
        )
        for event_type in CONTRACTS:
            forget_superseded(log, directory / event_type / "data")
    _mark(log, directory, kind, as_of_seq=as_of_seq)
    return [
        ExportedTable(
            event_type=event_type,
            path=directory / event_type,
            rows=sum(segment.rows for _, segment in links[event_type]),
            files=len(links[event_type]),
        )
        for event_type in CONTRACTS
    ]


def _writer(kind: ExportFormat) -> Writer:
    try:
        import_module(_MODULES[kind])
    except ImportError as error:
        message = f"Exporting to {kind} needs the package {_MODULES[kind]}, which is not installed."
        raise UsageError(message, remedy="pip install 'demoscope[export]'") from error
    writer: Writer = import_module(f"ingestion.log.exports_{kind}").write_tables
    return writer


def _schema(contract: Contract) -> pa.Schema:
    return pa.schema([field.remove_metadata() for field in contract.log_schema])


def _segments(log: EventLog, as_of_seq: int) -> Mapping[EventType, list[Segment]]:
    """The original segments: compacted ones hold the same events and columns besides."""
    segments: dict[EventType, list[Segment]] = {}
    for commit in log.commits(as_of_seq):
        for segment in commit.segments:
            path = log.chain.segment_path(segment.sha256)
            if not path.exists():
                message = f"The segment {path} of commit {commit.seq} is missing."
                raise IntegrityError(message, remedy="Restore it from a backup.")
            segments.setdefault(EventType(segment.event_type), []).append(segment)
    return segments


def _links(log: EventLog, path: Path, contract: Contract, segments: Sequence[Segment]) -> Links:
    links = []
    for segment in segments:
        if log.chain.redactions.of(segment.sha256) is None:
            links.append((_link(log, path / "data", segment), segment))
        else:
            links += copy_left(log, path / "data", segment, _schema(contract))
    return links


def _link(log: EventLog, directory: Path, segment: Segment) -> Path:
    """A link that leads to the segment, whatever stood there."""
    target = log.layout.segment(segment.sha256).resolve()
    link = directory / target.name
    if link.is_symlink() and link.readlink() == target:
        return link
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / f".{secrets.token_hex(8)}"
    temporary.symlink_to(target)
    temporary.replace(link)
    return link


def _claim(log: EventLog, directory: Path, kind: ExportFormat) -> None:
    """Refuse a directory that is somebody else's; mark a new one before anything is put in it."""
    if directory.is_relative_to(log.layout.root.resolve()):
        message = f"{directory} lies inside the log, which holds nothing but the log."
        raise UsageError(message, remedy="Name a directory elsewhere.")
    with explained("Reading", directory):
        if not directory.exists() or not any(directory.iterdir()):
            _mark(log, directory, kind, as_of_seq=None)
            return
    try:
        marker = json.loads((directory / MARKER).read_bytes())
        found = (marker["format"], marker["origin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{directory} is not empty, and not an export."
        raise UsageError(message, remedy="Name an empty or a new directory.") from error
    if found != (kind, log.origin.name):
        message = f"{directory} holds a {found[0]} export of log {found[1]}."
        raise UsageError(message, remedy="Name another directory, or delete this one.")


def _mark(log: EventLog, directory: Path, kind: ExportFormat, *, as_of_seq: int | None) -> None:
    """Say what the export is of; `log_position` is null until every table is there."""
    fields = {
        "format": str(kind),
        "log_position": as_of_seq,
        "log_hash": log.chain.hash_at(as_of_seq) if as_of_seq else None,
        "origin": log.origin.name,
    }
    with explained("Writing to", directory):
        directory.mkdir(parents=True, exist_ok=True)
        replace_text(directory / MARKER, rfc8785.dumps(fields).decode() + "\n")


def read_marker(directory: Path) -> dict[str, object]:
    """What an export is of.

    Raises:
        NotFoundError: there is none.
    """
    path = directory / MARKER
    if not path.exists():
        raise NotFoundError(f"{directory} is not an export: it has no {MARKER}.")
    fields: dict[str, object] = json.loads(path.read_bytes())
    return fields


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that a reader finds the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 (the reason this function exists)
