"""A log at an object store and a copy of it: what differs, and putting either right from the other.

Whatever has the hash that the log's own chain says is right, wherever it is. So a file that one of
the two has lost is put back from the other; of two commits of one number neither is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import DamagedError, IntegrityError, NotFoundError, UsageError
from ingestion.log.chain import Chain, hash_of, is_sealed
from ingestion.log.event_log import EventLog
from ingestion.log.layout import Layout, is_format, read_origin
from ingestion.log.object_store import PROBES, ObjectStore, address
from ingestion.log.segments import hash_file
from ingestion.log.shared import (
    THREADS,
    bound_to,
    bring,
    fetch,
    require_same_log,
    strays,
    sweep_store,
    write_address,
)
from ingestion.log.verification import Finding
from ingestion.log.workspace import Workspace, no_writers

NO_STORE = "demoscope log push s3://BUCKET/PREFIX moves it to a store."


@dataclass(frozen=True)
class Named:
    """What the log says of one of its files: its hash, and its length where commits say it."""

    path: Path
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class Repaired:
    """What was done.

    Args:
        url: of the store.
        commit_count: commits of the log.
        files: what was put to the other side, by the name that it has at the store.
    """

    url: str
    commit_count: int
    files: tuple[str, ...]


def differences(
    chain: Chain, store: ObjectStore, *, is_read: bool
) -> tuple[list[Finding], list[Finding]]:
    """What the store has otherwise than the log says; and what it has besides.

    Args:
        chain: of a copy that is up to date.
        store: where the log lies.
        is_read: read every object; else names and lengths are compared.
    """
    layout, there = chain.layout, store.objects()
    # Reads the log again, so that what others have put meanwhile is known.
    old = set(strays(chain, store))
    every = {layout.name(one.path): one for one in _named(chain)}

    def fault(name: str) -> str | None:
        said, found = every[name], there.get(name)
        if found is None and store.get(name) is None:
            return "is missing"
        if found is not None and said.size not in (None, found.size):
            return f"has {found.size} bytes; the log says {said.size}"
        if is_read and hash_of(store.get(name) or b"") != said.sha256:
            return "is not what the log says: it has another hash"
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        faults = zip(every, pool.map(fault, every), strict=True)
        findings = [Finding(store.path(name), what) for name, what in faults if what]
    superseded = {
        layout.name(layout.segment(sha256)): seq
        for sha256, seq in chain.redactions.superseded.items()
    }
    notes = []
    for name in sorted(there.keys() - every.keys()):
        if name in superseded:
            words = f"commit {superseded[name]} erased rows of it: it has to be deleted"
            notes.append(Finding(store.path(name), f"{words}; demoscope log push does it"))
        elif name in old:
            words = "belongs to no commit, and is older than a week: demoscope log push deletes it"
            notes.append(Finding(store.path(name), words))
        elif not name.startswith((f"{layout.segments.name}/", PROBES)):
            notes.append(Finding(store.path(name), "is nothing of the log, and is not read"))
    return findings, notes


def _named(chain: Chain) -> Iterator[Named]:
    """Every file of the log: what is named first, then the commits, FORMAT last."""
    layout, schemas = chain.layout, set[str]()
    for commit in chain.commits():
        for file in commit.files:
            held = chain.redactions.of(file.sha256) or file
            yield Named(layout.segment(held.sha256), held.sha256, held.bytes)
            schemas.add(file.schema)
    for sha256 in sorted(schemas):
        yield Named(layout.schema(sha256), sha256)
    for commit in chain.commits():
        yield Named(layout.commit(commit.seq), commit.hash, len(commit.encode()))
    yield Named(layout.format, chain.origin.sha256)


def push(layout: Layout, url: str | None) -> Repaired:
    """Put at a store what it lacks of a log, and make the directory its copy; clear up there.

    A log on the disk is moved so. At the store of a copy, what was lost or damaged is put back.

    Args:
        layout: of the log, as it is on the disk.
        url: of the store; the copy's own unless given.

    Raises:
        UsageError: there is no address, or another one, or the store has another log.
        NotFoundError: there is no log.
        IntegrityError: the store has another history; or a file of the copy is damaged.
        BusyError: somebody writes to the log.
        StorageError: no log can lie at the store, or it does not answer.
    """
    bound = bound_to(layout)
    if url is None and bound is None:
        raise UsageError("This log lies on the disk.", remedy=f"Say where to: {NO_STORE}")
    if bound is not None and url is not None and address(url) != bound:
        message = f"{layout.root} is a copy of the log at {bound}, which cannot be moved so."
        raise UsageError(message, remedy="docs/operations.md: Moving the log from store to store.")
    if not layout.format.exists():
        raise NotFoundError(f"There is no log in {layout.root}.", remedy="demoscope ingest PATH")
    store = ObjectStore(url or bound or "")
    store.probe()
    there = store.get(layout.format.name)
    if there is not None and is_format(there):
        require_same_log(layout, store, there)
    chain = Chain(layout, read_origin(layout))
    if bound and store.objects(layout.commits.name, layout.name(layout.commit(chain.head_seq))):
        # What a copy that is behind has may have been erased.
        bring(chain, store)
    with no_writers(layout):
        chain.read_on()
        put = _put_all(layout, store, _lacking(chain, store))
        if bound is None:
            write_address(layout, store)
    chain.layout.store = store
    chain.refresh()
    sweep_store(chain, store)
    return Repaired(store.url, chain.head_seq, tuple(put))


def _lacking(chain: Chain, store: ObjectStore) -> list[Named]:
    """What is missing or damaged at the store, once it is known that it has no other history."""
    layout = chain.layout

    def is_lacking(one: Named) -> bool:
        there = store.get(layout.name(one.path))
        if there is None or hash_of(there) == one.sha256:
            return there is None
        if one.path.parent == layout.commits and is_sealed(there):
            message = f"{store.path(layout.name(one.path))} is another commit than {one.path}."
            remedy = "Nothing was put there. Name another prefix, or keep the log that is there."
            raise IntegrityError(message, remedy=remedy)
        return True

    named = list(_named(chain))
    with ThreadPoolExecutor(THREADS) as pool:
        return [one for one, lacks in zip(named, pool.map(is_lacking, named), strict=True) if lacks]


def _put_all(layout: Layout, store: ObjectStore, lacking: list[Named]) -> tuple[str, ...]:
    """Put files first, then commits one after the other, FORMAT last: who reads finds all whole."""
    in_order = {layout.commits, layout.root}
    files = [one for one in lacking if one.path.parent not in in_order]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: _put(layout, store, one), files))
    for one in lacking[len(files) :]:
        _put(layout, store, one)
    return tuple(layout.name(one.path) for one in lacking)


def _put(layout: Layout, store: ObjectStore, one: Named) -> None:
    name, content = layout.name(one.path), one.path.read_bytes()
    if hash_of(content) != one.sha256:
        raise DamagedError(f"{one.path} is damaged: it is not what the log says.")
    if store.get(name) is not None:
        store.put(name, content)
    elif not store.create(name, content):
        message = f"{store.path(name)} was written by somebody else meanwhile."
        raise IntegrityError(message, remedy="Give the command again.")


def pull(log: EventLog) -> Repaired:
    """Bring the copy what it lacks or has damaged; opening it has brought the commits.

    Raises:
        UsageError: the log lies on the disk.
        IntegrityError: a file is missing or damaged at the store, too.
        StorageError: the store does not answer, or the disk refused.
    """
    layout, store = log.layout, log.layout.store
    if store is None:
        message = "This log lies on the disk: there is no store to fetch from."
        raise UsageError(message, remedy=NO_STORE)
    with Workspace(layout) as workspace:
        files = {
            one.path: one.sha256
            for one in _named(log)
            if not one.path.exists() or hash_file(one.path) != one.sha256
        }
        fetch(store, layout, workspace.path, files)
    return Repaired(store.url, log.head_seq, tuple(sorted(map(layout.name, files))))
