"""The log as Delta Lake or Iceberg tables over the same Parquet files, for other engines.

Each table's directory holds symbolic links to the segments, so an engine's VACUUM or an accident in
the export deletes a link and never a file of the log. Other engines would take an erased row for an
event without content, so of a segment with erased rows there is a copy of the rows that are left.
An export can be deleted and made again at any time. Exporting again into the same directory makes a
new version of every table; a reader sees the old one or the new one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from ingestion.contracts import CONTRACTS
from ingestion.errors import DamagedError, UsageError
from ingestion.json_object import parse_object
from ingestion.log.durable import explained, replace_text
from ingestion.log.event_log import EventLog
from ingestion.log.segments import read_segment, write_table
from ingestion.log.whole_files import whole_segment
from ingestion.vocabulary import EventType

MARKER = "demoscope-export.json"


class ExportFormat(StrEnum):
    """What other engines read."""

    DELTA = "delta"
    ICEBERG = "iceberg"


_PACKAGES = {ExportFormat.DELTA: "deltalake", ExportFormat.ICEBERG: "pyiceberg"}


@dataclass(frozen=True, kw_only=True)
class ExportedTable:
    """One event type of an export.

    Args:
        event_type: whose events.
        path: the table's directory.
        files: the rows of each link to a segment, or copy of what is left of one.
    """

    event_type: EventType
    path: Path
    files: Mapping[Path, int]

    @property
    def rows(self) -> int:
        """How many events."""
        return sum(self.files.values())


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
    try:
        import_module(_PACKAGES[kind])
    except ImportError as error:
        message = (
            f"Exporting to {kind} needs the package {_PACKAGES[kind]}, which is not installed."
        )
        raise UsageError(message, remedy="pip install 'demoscope[export]'") from error
    directory = directory.resolve()
    if kind is ExportFormat.DELTA and "%" in str(directory):
        message = f"deltalake reads a '%' in {directory} as the beginning of another sign."
        raise UsageError(message, remedy="Name a directory without it.")
    _claim(log, directory, kind)
    with explained("Writing to", directory):
        tables = _tables(log, directory, as_of_seq)
        (_write_delta if kind is ExportFormat.DELTA else _write_iceberg)(tables)
        # Links to, and copies from, files of which more rows have been erased since.
        for path in directory.glob("*/data/*.parquet"):
            if path.stem in log.redactions.superseded:
                path.unlink()
    _mark(log, directory, kind, as_of_seq=as_of_seq)
    return tables


def _tables(log: EventLog, directory: Path, as_of_seq: int) -> list[ExportedTable]:
    """Link or copy the original segments: compacted ones hold the same events."""
    files: dict[str, dict[Path, int]] = {event_type: {} for event_type in CONTRACTS}
    for commit in log.commits(as_of_seq):
        for segment in commit.segments:
            path = whole_segment(log, segment.sha256).resolve()
            if not path.exists():
                raise DamagedError(f"The segment {path} of commit {commit.seq} is missing.")
            target = directory / segment.event_type / "data" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = segment.rows
            if log.redactions.of(segment.sha256) is None:
                _link(path, target)
            else:
                rows = _copy_left(path, target, CONTRACTS[EventType(segment.event_type)].log_schema)
            if rows:
                files[segment.event_type][target] = rows
    return [
        ExportedTable(event_type=event_type, path=directory / event_type, files=files[event_type])
        for event_type in CONTRACTS
    ]


def _link(path: Path, link: Path) -> None:
    """A link that leads to the segment, whatever stood there."""
    if not (link.is_symlink() and link.readlink() == path):
        temporary = link.with_name(f".{secrets.token_hex(8)}")
        temporary.symlink_to(path)
        temporary.replace(link)


def _copy_left(path: Path, copy: Path, schema: pa.Schema) -> int:
    """Copy the rows of a segment that are not erased, unless they are there; how many they are."""
    table, _ = read_segment(path)
    table = table.filter(pc.is_valid(table["schema_version"]))
    if table.num_rows and not copy.is_file():
        temporary = copy.with_name(f".{secrets.token_hex(8)}")
        columns = [schema.field(name) for name in table.column_names]
        write_table(temporary, table.cast(pa.schema(columns)))
        temporary.replace(copy)
    return int(table.num_rows)


def _write_delta(tables: Sequence[ExportedTable]) -> None:
    """Replace what each table names, in one Delta commit each; older versions stay readable."""
    from deltalake import Schema
    from deltalake.transaction import AddAction, create_table_with_add_actions

    for table in tables:
        table.path.mkdir(parents=True, exist_ok=True)
        actions = [
            AddAction(
                path=str(path.relative_to(table.path)),
                size=path.stat().st_size,
                partition_values={},
                modification_time=0,
                data_change=True,
                stats=json.dumps({"numRecords": rows}, allow_nan=False),
            )
            for path, rows in table.files.items()
        ]
        schema = Schema.from_arrow(CONTRACTS[table.event_type].log_schema)
        create_table_with_add_actions(
            str(table.path), schema, actions, mode="overwrite", partition_by=[]
        )


def _write_iceberg(tables: Sequence[ExportedTable]) -> None:
    """Write the metadata of each table's new version, then point to it.

    `metadata/version-hint.text` names the current `metadata/v<n>.metadata.json`, from which every
    engine that reads Iceberg without a catalogue finds the rest (a "Hadoop table"). pyiceberg needs
    a catalogue to write: it gets one in memory.
    """
    from pyiceberg.catalog.memory import InMemoryCatalog

    # Segments have no statistics for columns that nobody prunes by; pyiceberg warns of each.
    logging.getLogger("pyiceberg").setLevel(logging.ERROR)
    with contextlib.closing(InMemoryCatalog("export")) as catalog:
        catalog.create_namespace("log")
        for table in tables:
            # Not `as_uri()`: pyiceberg takes percent signs for themselves.
            name, location = ("log", str(table.event_type)), f"file://{table.path}"
            made = catalog.create_table(
                name, CONTRACTS[table.event_type].log_schema, location=location
            )
            if table.files:
                # Every file is named once, by construction: looking for repeats would cost a scan.
                paths = [f"file://{path}" for path in table.files]
                made.add_files(paths, check_duplicate_files=False)
            metadata = table.path / "metadata"
            hint = metadata / "version-hint.text"
            version = int(hint.read_text("utf-8")) + 1 if hint.exists() else 1
            written = Path(made.metadata_location.removeprefix("file://"))
            replace_text(metadata / f"v{version}.metadata.json", written.read_text("utf-8"))
            replace_text(hint, f"{version}")


def _claim(log: EventLog, directory: Path, kind: ExportFormat) -> None:
    """Refuse a directory of another use; mark a new one before anything is put in it."""
    if directory.is_relative_to(log.layout.root.resolve()):
        message = f"{directory} lies inside the log, which holds nothing but the log."
        raise UsageError(message, remedy="Name a directory elsewhere.")
    with explained("Reading", directory):
        if not directory.exists() or not any(directory.iterdir()):
            _mark(log, directory, kind, as_of_seq=None)
            return
    try:
        marker = parse_object((directory / MARKER).read_bytes())
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
        "log_hash": log.hash_at(as_of_seq) if as_of_seq else None,
        "origin": log.origin.name,
    }
    with explained("Writing to", directory):
        directory.mkdir(parents=True, exist_ok=True)
        replace_text(directory / MARKER, rfc8785.dumps(fields).decode() + "\n")
