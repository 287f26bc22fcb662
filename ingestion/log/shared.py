"""A log that lies on an object store: the directory is this machine's copy of it.

The store has the same files under the same names, and it alone says what is in the log. Whatever
reads works on the copy, which is brought up to date whenever the log is opened or read again.

- **Reading** asks for commits by number until there is none, so no list has to be trusted. Each
  continues the chain, and each file has the hash that it is named after, before it enters the copy.
- **Committing** puts the files first, then the commit, unless there is one of that number. Only
  then it is linked into the copy. An answer that was lost is found again by what is there.
- **Erasing** deletes at the store what is destroyed in the copy, and other machines destroy it in
  theirs when they next open the log. Files of writers that died are deleted when they are a week
  old: younger ones may be about to be named.

`STORE` in the copy has the address, so no command can forget it. store_repair.py compares the two.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from ingestion.errors import DamagedError, IntegrityError, UsageError
from ingestion.log.append import hold
from ingestion.log.chain import Chain, Commit, Redactions, hash_of, is_sealed, next_commit
from ingestion.log.clock import DAY_US
from ingestion.log.durable import (
    StorageError,
    create_once,
    destroy,
    explained,
    fsync_directory,
    make_directory,
    write_durably,
)
from ingestion.log.layout import REPAIR_STORE, Layout
from ingestion.log.object_store import PROBES, ObjectStore, address
from ingestion.log.workspace import Workspace
from ingestion.paths import STORE_VARIABLE, Home

THREADS = 8
COMMITS_AT_ONCE = 32
STRAY_AGE = timedelta(days=7)
DAY_S = DAY_US // 1_000_000
PUSH = "If this copy is whole, put it back from here: demoscope log push"


class _MissingError(IntegrityError):
    """A file that a commit names is not at the store."""


def attached(root: Path) -> Layout:
    """The log in a directory, with the store that it is a copy of, if it is one.

    `STORE` says which. `DEMOSCOPE_LOG` says it where there is no log yet, of the warehouse only.

    Raises:
        UsageError: the two differ; or the log was begun on the disk, or is another one.
        StorageError: no log can lie at the store, or it does not answer.
    """
    layout = Layout(root)
    said = os.environ.get(STORE_VARIABLE, "").strip()
    wanted = address(said) if said and root == Home.from_environment().log else None
    bound = bound_to(layout)
    if bound and wanted and bound != wanted:
        message = f"{root} is a copy of the log at {bound}, but {STORE_VARIABLE} says {wanted}."
        raise UsageError(
            message, remedy=f"Unset {STORE_VARIABLE}, or name another home: --home DIR"
        )
    if url := bound or wanted:
        layout.store = ObjectStore(url)
        if bound is None:
            _bind(layout, layout.store)
    return layout


def bound_to(layout: Layout) -> str | None:
    """The address of the store that a directory is a copy of."""
    return address(layout.address.read_text("utf-8")) if layout.address.exists() else None


def _bind(layout: Layout, store: ObjectStore) -> None:
    """Make a directory the copy of a store, once it is known that it can be."""
    store.probe()
    there = store.get(layout.format.name)
    if there is None and store.get(layout.name(layout.commit(1))) is not None:
        message = f"At {store.url} are commits without a FORMAT: a log is being put there."
        raise UsageError(message, remedy="Wait for it to end, or give that command again.")
    if layout.format.exists():
        if there is None:
            message = f"The log in {layout.root} lies on this disk, and at {store.url} is none."
            raise UsageError(message, remedy=f"Move it there: demoscope log push {store.url}")
        require_same_log(layout, store, there)
    write_address(layout, store)


def write_address(layout: Layout, store: ObjectStore) -> None:
    """Make the directory a copy of the store, for all commands from now on."""
    with explained("Writing to", layout.root):
        make_directory(layout.root)
        create_once(layout.address, f"{store.url}\n".encode(), layout.root)


def require_same_log(layout: Layout, store: ObjectStore, there: bytes) -> None:
    """Refuse a store with the FORMAT of another log.

    Raises:
        UsageError: it is another one.
    """
    if there != layout.format.read_bytes():
        message = f"{layout.root} and {store.url} hold two different logs."
        raise UsageError(message, remedy="Name another home (--home DIR), or another store.")


# --- From the store to the copy -----------------------------------------------------------------


def bring(chain: Chain, store: ObjectStore) -> None:
    """Bring the copy up to date, and destroy in it what was erased elsewhere.

    A copy that cannot be written to is read as it is.

    Raises:
        IntegrityError: the store has another history than the copy, or less of it; or what it has
            is damaged. The copy is as it was.
        StorageError: the store does not answer, or the disk refused.
    """
    layout = chain.layout
    if not _is_writable(layout):
        return
    _require_same_history(chain, store)
    while new := _later(chain, store):
        with Workspace(layout) as workspace:
            try:
                fetch(store, layout, workspace.path, _named_by(layout, new))
            except _MissingError:
                # Rows of it may have been erased meanwhile: a later commit says so.
                if len(_later(chain, store)) == len(new):
                    raise
                continue
            for commit in new:
                if not hold(layout, workspace.path, commit):
                    path = layout.commit(commit.seq)
                    message = f"{path} is another commit than {store.path(layout.name(path))}."
                    raise IntegrityError(message, remedy="Delete it here if the store is right.")
        chain.read_on()
    for path in map(layout.segment, chain.redactions.superseded):
        _destroy(path)


def require_end(chain: Chain, store: ObjectStore) -> None:
    """Refuse a store in which a commit is missing before later ones: it is not the log's end.

    Raises:
        IntegrityError: it is so.
    """
    layout, head = chain.layout, -1
    if not _is_writable(layout):
        return
    while later := store.objects(layout.commits.name, layout.name(layout.commit(chain.head_seq))):
        if chain.head_seq == head:
            missing = store.path(layout.name(layout.commit(head + 1)))
            message = f"{missing} is missing, but later commits are there ({min(later)})."
            raise IntegrityError(message, remedy=REPAIR_STORE)
        head = chain.head_seq
        chain.refresh()


def _is_writable(layout: Layout) -> bool:
    return os.access(layout.root, os.W_OK)


def _destroy(path: Path) -> None:
    try:
        if path.exists():
            destroy(path)
    except StorageError:
        if path.exists():  # else another process was first
            raise


def _require_same_history(chain: Chain, store: ObjectStore) -> None:
    """Refuse a store that does not have the commit which the copy ends with."""
    layout = chain.layout
    path = layout.commit(chain.head_seq) if chain.head_seq else layout.format
    name = layout.name(path)
    there = store.get(name)
    if there is None:
        message = f"{store.path(name)} is missing, but this copy of the log has it."
        raise IntegrityError(message, remedy=f"Was an older state put back there? {PUSH}")
    if hash_of(there) == chain.head_hash:
        return
    if chain.head_seq and is_sealed(there):
        message = f"{store.path(name)} is another commit than {path}: the log was forked."
        remedy = (
            "If the store is right, move log/ away, begin a new copy, and load again what only the"
            " old one has."
        )
        raise IntegrityError(message, remedy=remedy)
    raise IntegrityError(f"{store.path(name)} is damaged.", remedy=PUSH)


def _later(chain: Chain, store: ObjectStore) -> list[Commit]:
    """The store's commits after those of the copy, each of which continues the chain."""
    layout, found, previous = chain.layout, list[Commit](), chain.head_hash
    width = 1
    with ThreadPoolExecutor(THREADS) as pool:
        while True:
            first = chain.head_seq + len(found) + 1
            names = [layout.name(layout.commit(seq)) for seq in range(first, first + width)]
            for name, content in zip(names, pool.map(store.get, names), strict=True):
                if content is None:
                    return found
                seq = chain.head_seq + len(found) + 1
                found.append(next_commit(content, store.path(name), seq, previous))
                previous = hash_of(content)
            width = COMMITS_AT_ONCE


def _named_by(layout: Layout, commits: Iterable[Commit]) -> dict[Path, str]:
    """The files that commits add and the copy lacks, by path; of each its hash."""
    commits, redactions = list(commits), Redactions()
    for commit in commits:
        redactions.add(commit)
    named = {}
    for commit in commits:
        for file in commit.files:
            named[layout.schema(file.schema)] = file.schema
        added = [file.sha256 for file in commit.files] + [one.original for one in commit.redacted]
        for sha256 in map(redactions.file_of, added):
            named[layout.segment(sha256)] = sha256
    return {path: sha256 for path, sha256 in named.items() if not path.exists()}


def fetch(store: ObjectStore, layout: Layout, directory: Path, files: dict[Path, str]) -> None:
    """Bring files into the copy, durably, each after its content was compared with its hash.

    Raises:
        IntegrityError: one is missing at the store, or damaged there.
    """

    def one(path: Path, sha256: str) -> None:
        name = layout.name(path)
        content = store.get(name)
        if content is None:
            raise _MissingError(f"{store.path(name)} is missing.", remedy=REPAIR_STORE)
        if hash_of(content) != sha256:
            message = f"{store.path(name)} is damaged: it does not have the hash it is named after."
            raise IntegrityError(message, remedy=REPAIR_STORE)
        temporary = directory / path.name
        with explained("Writing", path):
            write_durably(temporary, content)
            make_directory(path.parent)
            temporary.replace(path)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, files.keys(), files.values()))
    for parent in {path.parent for path in files}:
        with explained("Writing to", parent):
            fsync_directory(parent)


# --- From the copy to the store -----------------------------------------------------------------


def append(layout: Layout, store: ObjectStore, commit: Commit) -> bool:
    """Put a commit's files, then the commit, unless the store has another one of its number.

    Returns:
        Whether it is in the log.

    Raises:
        StorageError: the store does not answer. The commit may be in the log although it is not
            acknowledged: the same batch again will find it.
    """
    _put_files(layout, store, commit)
    if not store.create(layout.name(layout.commit(commit.seq)), commit.encode()):
        return False
    # What was put long ago may have been taken for a dead writer's before it was named.
    _put_files(layout, store, commit)
    left = store.put_at.keys() - {layout.name(path) for path in _paths(layout, commit)}
    # What an attempt before this one put, and this one does not name; else it goes by its age.
    with suppress(StorageError):
        store.delete(left)
    store.put_at.clear()
    return True


def _put_files(layout: Layout, store: ObjectStore, commit: Commit) -> None:
    names = {layout.name(path): path for path in _paths(layout, commit)}
    late = time.time() - DAY_S
    for name, path in names.items():
        if store.put_at.get(name, late) <= late:
            store.put(name, read_whole(path))
            store.put_at[name] = time.time()


def _paths(layout: Layout, commit: Commit) -> Iterator[Path]:
    """The files that a commit adds to the log."""
    for file in commit.files:
        yield layout.schema(file.schema)
        yield layout.segment(file.sha256)
    for redacted in commit.redacted:
        yield layout.segment(redacted.sha256)


def read_whole(path: Path) -> bytes:
    """A file's content, once it is known to be what the file is named after.

    Raises:
        IntegrityError: it is missing or damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DamagedError(f"{path} is missing.") from error
    if hash_of(content) != path.stem:
        raise DamagedError(f"{path} is damaged: it does not have the hash it is named after.")
    return content


def sweep_store(chain: Chain, store: ObjectStore) -> None:
    """Delete at the store what was erased, and what writers that died left a week ago.

    Raises:
        StorageError: the store does not answer, or refuses.
    """
    layout = chain.layout
    store.delete(layout.name(layout.segment(sha256)) for sha256 in chain.redactions.superseded)
    store.delete(strays(chain, store))


def strays(chain: Chain, store: ObjectStore) -> list[str]:
    """Objects that no commit names and that nobody is about to name any more."""
    layout, before = chain.layout, store.now() - STRAY_AGE
    kinds = (f"{layout.segments.name}/", f"{layout.schemas.name}/", PROBES)
    old = {
        name
        for name, stored in store.objects().items()
        if name.startswith(kinds) and stored.modified < before
    }
    chain.refresh()
    for commit in chain.commits() if old else ():
        for file in commit.files:
            old.discard(layout.name(chain.segment_path(file.sha256)))
            old.discard(layout.name(layout.schema(file.schema)))
    return sorted(old)
