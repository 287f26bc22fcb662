"""Where things lie inside `log/`: FORMAT (who the log is), schemas, segments, commits.

FORMAT is RFC 8785 JSON: `format`, `version` of the layout, `origin`, 128 random bits that no two
logs share, and `sha256` of the JSON without that field. The first commit's `prev_hash` is the
SHA-256 of FORMAT's bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import rfc8785

from ingestion.contracts import Contract
from ingestion.errors import DamagedError, IntegrityError, UsageError
from ingestion.json_object import parse_object
from ingestion.log.durable import check_exclusive_creation, create_once, explained, make_directory

if TYPE_CHECKING:
    from ingestion.log.object_store import ObjectStore

FORMAT_NAME = "demoscope event log"
FORMAT_VERSION = 2
SEQ_DIGITS = 20
REPAIR_STORE = "On a machine whose copy of the log is whole: demoscope log push"
_COMMIT_NAME = re.compile(rf"\d{{{SEQ_DIGITS}}}\.json", re.ASCII)


class Layout:
    """Paths of one log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.format = root / "FORMAT"
        self.schemas = root / "schemas"
        self.segments = root / "segments"
        self.commits = root / "commits"
        self.tmp = root / "tmp"
        self.address = root / "STORE"
        self.store: ObjectStore | None = None
        """Where the log lies, of which this is a copy; None of a log on the disk (shared.py)."""

    def name(self, path: Path) -> str:
        """What a file of the log is called at the store."""
        return path.relative_to(self.root).as_posix()

    def schema(self, sha256: str) -> Path:
        """The file of a schema, named after the hash of its text."""
        return self.schemas / f"{sha256}.json"

    def segment(self, sha256: str) -> Path:
        """The file of a segment, named after its hash, in one of 256 directories."""
        return self.segments / sha256[:2] / f"{sha256}.parquet"

    def commit(self, seq: int) -> Path:
        """The file of a commit, which need not exist."""
        return self.commits / f"{seq:0{SEQ_DIGITS}d}.json"

    def last_seq(self) -> int:
        """The highest number that a commit's file has; 0 without one."""
        return max((commit_number(path.name) for path in self.commits.glob("*")), default=0)


def commit_number(name: str) -> int:
    """The number of a commit by its file's name; 0 for another file."""
    return int(name[:SEQ_DIGITS]) if _COMMIT_NAME.fullmatch(name) else 0


@dataclass(frozen=True)
class Origin:
    """Who a log is.

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
            raise DamagedError(f"{layout.format} is missing, but {layout.commits} holds commits.")
        with explained("Creating the event log", layout.root):
            for directory in (layout.schemas, layout.segments, layout.commits, layout.tmp):
                make_directory(directory)
            check_exclusive_creation(layout.tmp)
            origin = secrets.token_hex(16)
            fields = {"format": FORMAT_NAME, "origin": origin, "version": FORMAT_VERSION}
            content = _sealed(fields)
            if layout.store is not None:
                content = layout.store.first(layout.format.name, content)
                if not is_format(content):
                    message = f"{layout.store.path(layout.format.name)} is damaged."
                    raise IntegrityError(message, remedy=REPAIR_STORE)
            create_once(layout.format, content, layout.tmp)
    return read_origin(layout)


def read_origin(layout: Layout) -> Origin:
    """Read FORMAT and check it."""
    content = layout.format.read_bytes()
    try:
        fields = parse_object(content)
        name, version, origin = fields["format"], fields["version"], fields["origin"]
        is_other = name == FORMAT_NAME and isinstance(version, int) and version != FORMAT_VERSION
    except (ValueError, KeyError, TypeError):
        version, origin, is_other = None, "", False
    if is_other:
        message = f"{layout.format} says version {version}; this demoscope reads {FORMAT_VERSION}."
        raise UsageError(message, remedy="Use the release that wrote it, or a newer one.")
    if not is_format(content):
        raise DamagedError(f"{layout.format} is damaged: {content[:80]!r}.")
    return Origin(origin, hashlib.sha256(content).hexdigest())


def is_format(content: bytes) -> bool:
    """Whether bytes are those of a whole FORMAT, of whichever log."""
    try:
        fields = parse_object(content)
        return bool(fields["format"] == FORMAT_NAME and _sealed(fields) == content)
    except (ValueError, KeyError, TypeError):
        return False


def _sealed(fields: dict[str, Any]) -> bytes:
    body = {key: value for key, value in fields.items() if key != "sha256"}
    return rfc8785.dumps({**body, "sha256": hashlib.sha256(rfc8785.dumps(body)).hexdigest()})


def describe_schema(contract: Contract) -> bytes:
    """What reading a segment needs to know of its columns: RFC 8785 JSON, without descriptions."""
    columns = [
        {"name": field.name, "nullable": field.nullable, "type": str(field.type)}
        for field in contract.log_schema
    ]
    event_type, version = str(contract.event_type), contract.version
    return rfc8785.dumps({"columns": columns, "event_type": event_type, "version": version})


def keep_schema(layout: Layout, content: bytes) -> str:
    """Store a schema's text unless it is there; return its hash.

    Raises:
        StorageError: the disk refused.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    target = layout.schema(sha256)
    with explained("Writing to", layout.schemas):
        if not target.exists():
            create_once(target, content, layout.tmp)
    return sha256


def read_schema(layout: Layout, sha256: str) -> dict[str, Any]:
    """A schema as it was stored.

    Raises:
        IntegrityError: it is missing or not what it was.
    """
    path = layout.schema(sha256)
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedError(f"{path} is missing or damaged.")
    schema: dict[str, Any] = json.loads(content)
    return schema


def conform(contract: Contract, table: pa.Table) -> pa.Table:
    """The table with exactly the contract's log schema.

    Raises:
        ValueError: columns are missing, unknown or of another type, or a required one holds nulls.
    """
    schema = contract.log_schema
    if set(table.column_names) != set(schema.names):
        missing = sorted(set(schema.names) - set(table.column_names))
        unknown = sorted(set(table.column_names) - set(schema.names))
        raise ValueError(f"{contract.event_type}: columns missing {missing}, unknown {unknown}")
    empty = [f.name for f in schema if not f.nullable and table[f.name].null_count]
    if empty:
        raise ValueError(f"{contract.event_type}: nulls in required columns {empty}")
    table = table.select(schema.names)
    return table if table.schema.equals(schema) else table.cast(schema)
