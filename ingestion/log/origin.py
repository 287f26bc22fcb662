"""FORMAT, the log's identity, and the schemas its segments were written under. Written once.

FORMAT is RFC 8785 JSON: `format`, `version` of the layout, `origin`, 128 random bits that no two
logs share, and `sha256` of the JSON without that field. The first commit's `prev_hash` is the
SHA-256 of FORMAT's bytes.

What stays out: the chain itself (chain.py).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import rfc8785

from ingestion.contract import Contract
from ingestion.errors import IntegrityError, UsageError
from ingestion.log.durable import (
    check_exclusive_creation,
    explained,
    fsync_directory,
    is_linked,
    make_directory,
    write_durably,
)
from ingestion.log.layout import Layout

FORMAT_NAME = "demoscope event log"
FORMAT_VERSION = 2


@dataclass(frozen=True)
class Origin:
    """Who this log is.

    Args:
        name: 32 hexadecimal digits.
        sha256: hash of FORMAT, where the chain begins.
    """

    name: str
    sha256: str


def open_origin(layout: Layout) -> Origin:
    """Read FORMAT; make the log on first use, so that of two first users one wins.

    Raises:
        UsageError: the log was written by a version this one does not know.
        IntegrityError: FORMAT is not what it was.
        StorageError: the store cannot hold a log.
    """
    if not layout.format.exists():
        if layout.commits.is_dir() and any(layout.commits.iterdir()):
            message = f"{layout.format} is missing, but {layout.commits} holds commits."
            raise IntegrityError(message, remedy="Restore FORMAT from a backup.")
        with explained("Creating the event log", layout.root):
            _create(layout)
    return read_origin(layout)


def read_origin(layout: Layout) -> Origin:
    """Read FORMAT and check it."""
    content = layout.format.read_bytes()
    try:
        fields = json.loads(content)
        name, version, origin = fields["format"], fields["version"], fields["origin"]
        is_other = name == FORMAT_NAME and isinstance(version, int) and version != FORMAT_VERSION
        is_whole = name == FORMAT_NAME and _sealed(fields) == content
    except (ValueError, KeyError, TypeError):
        version, origin, is_other, is_whole = None, "", False, False
    if is_other:
        message = f"{layout.format} says version {version}; this demoscope reads {FORMAT_VERSION}."
        remedy = "Use the release that wrote it, or a newer one."
        if version < FORMAT_VERSION:
            remedy = "It is from before 0.1.0: ingest the files anew into an empty DEMOSCOPE_HOME."
        raise UsageError(message, remedy=remedy)
    if not is_whole:
        message = f"{layout.format} is damaged: {content[:80]!r}."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    return Origin(origin, hashlib.sha256(content).hexdigest())


def _create(layout: Layout) -> None:
    for directory in (layout.schemas, layout.segments, layout.commits, layout.tmp):
        make_directory(directory)
    check_exclusive_creation(layout.tmp)
    fields: dict[str, Any] = {
        "format": FORMAT_NAME,
        "origin": secrets.token_hex(16),
        "version": FORMAT_VERSION,
    }
    temporary = layout.tmp / f"FORMAT-{secrets.token_hex(8)}"
    write_durably(temporary, _sealed(fields))
    is_linked(temporary, layout.format)
    fsync_directory(layout.root)
    temporary.unlink()


def _sealed(fields: dict[str, Any]) -> bytes:
    body = {key: value for key, value in fields.items() if key != "sha256"}
    return rfc8785.dumps({**body, "sha256": hashlib.sha256(rfc8785.dumps(body)).hexdigest()})


def describe_schema(contract: Contract) -> bytes:
    """What reading a segment needs to know of its columns: RFC 8785 JSON, without descriptions."""
    fields: dict[str, Any] = {
        "columns": [
            {"name": field.name, "nullable": field.nullable, "type": str(field.type)}
            for field in contract.log_schema
        ],
        "event_type": str(contract.event_type),
        "version": contract.version,
    }
    return rfc8785.dumps(fields)


def keep_schema(layout: Layout, content: bytes) -> str:
    """Store a schema's text unless it is there; return its hash.

    Raises:
        StorageError: the disk refused.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    target = layout.schema(sha256)
    with explained("Writing to", layout.schemas):
        if not target.exists():
            temporary = layout.tmp / f"schema-{secrets.token_hex(8)}"
            write_durably(temporary, content)
            is_linked(temporary, target)
            temporary.unlink()
            fsync_directory(layout.schemas)
    return sha256


def read_schema(layout: Layout, sha256: str) -> dict[str, Any]:
    """A schema as it was stored.

    Raises:
        IntegrityError: it is missing or not what it was.
    """
    path = layout.schema(sha256)
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        message = f"{path} is missing or damaged."
        raise IntegrityError(message, remedy="Restore it from a backup.")
    schema: dict[str, Any] = json.loads(content)
    return schema


def column_names(layout: Layout, sha256: str) -> tuple[str, ...]:
    """Columns of the segments written under a schema."""
    return tuple(column["name"] for column in read_schema(layout, sha256)["columns"])


def conform(contract: Contract, table: pa.Table) -> pa.Table:
    """The table with exactly the contract's log schema.

    Raises:
        ValueError: columns are missing, unknown or of another type, or a required one holds nulls.
    """
    schema = contract.log_schema
    if set(table.column_names) != set(schema.names):
        missing = sorted(set(schema.names) - set(table.column_names))
        unknown = sorted(set(table.column_names) - set(schema.names))
        message = f"{contract.event_type}: columns missing {missing}, unknown {unknown}"
        raise ValueError(message)
    empty = [f.name for f in schema if not f.nullable and table[f.name].null_count]
    if empty:
        message = f"{contract.event_type}: nulls in required columns {empty}"
        raise ValueError(message)
    table = table.select(schema.names)
    return table if table.schema.equals(schema) else table.cast(schema)
