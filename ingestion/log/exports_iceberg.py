"""An Iceberg table over segments, in the layout that needs no catalogue (a "Hadoop table").

`metadata/version-hint.text` names the current `metadata/v<n>.metadata.json`, from which every
engine that reads Iceberg by path finds the rest. pyiceberg wants a catalogue to write with: it gets
one for as long as it writes.

What stays out: which segments, and the links themselves (exports.py).
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from ingestion.log.exports import Links, replace_text

_NAMESPACE = "log"
_HINT = "version-hint.text"


def write_tables(tables: Sequence[tuple[Path, pa.Schema, Links]]) -> None:
    """Write the metadata of each table's new version, then point to it."""
    with _catalog() as catalog, _quiet():
        catalog.create_namespace(_NAMESPACE)
        for path, schema, links in tables:
            _write(catalog, path, schema, links)


def _write(catalog: SqlCatalog, path: Path, schema: pa.Schema, links: Links) -> None:
    table = catalog.create_table((_NAMESPACE, path.name), schema, location=_address(path))
    if links:
        # Every link is named once, by construction: looking for repeats would cost a scan.
        table.add_files([_address(link) for link, _ in links], check_duplicate_files=False)
    written = Path(table.metadata_location.removeprefix("file://"))
    version = _version(path) + 1
    replace_text(path / "metadata" / f"v{version}.metadata.json", written.read_text("utf-8"))
    replace_text(path / "metadata" / _HINT, f"{version}")


def current_metadata(path: Path) -> Path:
    """The metadata file of a table's current version."""
    return path / "metadata" / f"v{_version(path)}.metadata.json"


def _version(path: Path) -> int:
    hint = path / "metadata" / _HINT
    return int(hint.read_text("utf-8")) if hint.exists() else 0


def _address(path: Path) -> str:
    # Not `as_uri()`: pyiceberg takes percent signs for themselves.
    return f"file://{path}"


@contextlib.contextmanager
def _catalog() -> Iterator[SqlCatalog]:
    with tempfile.TemporaryDirectory(prefix="demoscope-") as directory:
        catalog = SqlCatalog("export", uri=f"sqlite:///{directory}/c.db", warehouse=directory)
        try:
            yield catalog
        finally:
            catalog.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Segments have no statistics for columns that nobody prunes by; pyiceberg warns of each."""
    logger = logging.getLogger("pyiceberg")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
