"""The last steps of a commit: files to their names, then the record into the chain.

The order is the protocol. A segment is durable under its name before a record names it; the record
is durable before it is linked; the link is durable before anybody is told. Of a log that lies at an
object store, all of it is there (shared.py) before the record is linked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ingestion.log.chain import Commit
from ingestion.log.durable import (
    StorageError,
    explained,
    fsync_directory,
    is_linked,
    make_directory,
    write_durably,
)
from ingestion.log.layout import Layout
from ingestion.log.segments import WrittenSegment


def publish_segments(layout: Layout, written: Iterable[WrittenSegment]) -> None:
    """Rename finished, durable segments to their hashes.

    A file that is there already has the same content, or is damaged: replacing it is right.
    """
    directories = set()
    for segment in written:
        target = layout.segment(segment.sha256)
        with explained("Writing", target):
            if segment.path != target:
                make_directory(target.parent)
                segment.path.rename(target)
            directories.add(target.parent)
    for directory in directories:
        with explained("Writing to", directory):
            fsync_directory(directory)


def withdraw_segments(layout: Layout, written: Iterable[WrittenSegment], instead: Commit) -> None:
    """Delete published segments that no commit will name, because another has the batch already.

    Salts make every segment's name its writer's own, so nobody else can be about to name it.
    """
    named = {segment.sha256 for segment in instead.segments}
    for segment in written:
        if segment.sha256 not in named and segment.path == layout.segment(segment.sha256):
            with suppress(OSError, StorageError):
                segment.path.unlink()
                if layout.store is not None:
                    layout.store.delete([layout.name(segment.path)])


def append_record(layout: Layout, commit: Commit, directory: Path) -> bool:
    """Link a record into the chain.

    Args:
        layout: of the log.
        commit: the record; its seq is the head's plus one.
        directory: where it may be written first.

    Returns:
        Whether it is in the chain; False: another writer came first, nothing happened.

    Raises:
        StorageError: the disk refused. If that was after the link, the commit may be in the chain
            although it is not acknowledged: the same batch again will find it.
    """
    if layout.store is not None:
        from ingestion.log.shared import append

        if not append(layout, layout.store, commit):
            return False
    return hold(layout, directory, commit)


def hold(layout: Layout, directory: Path, commit: Commit) -> bool:
    """Link a record into the chain of this directory.

    Returns:
        Whether the chain has this very record under its number; of a log that lies at a store,
        another process of this machine may have brought it.
    """
    target, content = layout.commit(commit.seq), commit.encode()
    temporary = directory / target.name
    with explained("Writing", target):
        temporary.unlink(missing_ok=True)
        write_durably(temporary, content)
        if not is_linked(temporary, target) and target.read_bytes() != content:
            return False
        fsync_directory(layout.commits)
    return True
