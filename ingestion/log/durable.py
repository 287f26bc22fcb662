"""Durable writing: what was acknowledged survives a crash, and a refusal is explained."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from ingestion.errors import DemoscopeError

_ELSEWHERE = "Put the log on a local file system, or one where link(2) is atomic."
_PIECE_BYTES = 1 << 20
_SECRET_MODE = 0o600
_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space and try again.",
    errno.EDQUOT: "The quota is used up: raise it and try again.",
    errno.EFBIG: "The file would be too large here: raise the limit and try again.",
    errno.EROFS: "The file system is read-only.",
    errno.EACCES: "This user may not write there: give it permission and try again.",
    errno.EOPNOTSUPP: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.EIO: "The disk reports an error: check it before anything else.",
}


class StorageError(DemoscopeError):
    """The store would not take it; nothing was acknowledged."""


@contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn the operating system's refusal into an error that names the file and the remedy.

    Args:
        doing: what was being done, as the beginning of a sentence that the path continues.
        path: the file or directory.

    Raises:
        StorageError: in place of any OSError.
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        message = f"{doing} {path} failed: {why}. Nothing was acknowledged."
        raise StorageError(message, remedy=_REMEDIES.get(error.errno or 0)) from error


def fsync_file(path: Path) -> None:
    """Make a file's content durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fsync_file(directory)


def make_directory(directory: Path) -> None:
    """Make a directory and its parents, each name durable before anything is put in it."""
    if directory.is_dir():
        return
    make_directory(directory.parent)
    directory.mkdir(exist_ok=True)
    fsync_directory(directory.parent)


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a new file and make its content durable; its name is not durable yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def destroy(path: Path) -> None:
    """Take a file's name away, durably, then overwrite what it held if it has no other name.

    Overwriting reaches the disk's blocks only where the file system writes in place.

    Raises:
        StorageError: the disk refused.
    """
    with explained("Destroying", path), path.open("r+b") as file:
        path.unlink()
        fsync_directory(path.parent)
        if not os.fstat(file.fileno()).st_nlink:
            _overwrite(file)


def replace_secret(path: Path, content: bytes) -> None:
    """Put a file in the place of another, durably, and overwrite what that one held.

    So is what a call that was killed left half done: no two calls may run at once. Overwriting
    reaches the disk's blocks only where the file system writes in place.
    """
    for left in sorted(path.parent.glob(f"{path.name}.*")):
        destroy(left)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_durably(temporary, content, _SECRET_MODE)
    replace_durably(temporary, path)


def replace_durably(temporary: Path, path: Path) -> None:
    """Give a finished file the name of another, durably, and overwrite what that one held.

    Raises:
        StorageError: the disk refused.
    """
    with explained("Replacing", path), path.open("r+b") as before:
        temporary.replace(path)
        fsync_directory(path.parent)
        if not os.fstat(before.fileno()).st_nlink:
            _overwrite(before)


def _overwrite(file: BinaryIO) -> None:
    left = os.fstat(file.fileno()).st_size
    while left > 0:
        left -= file.write(bytes(min(_PIECE_BYTES, left)))
    file.flush()
    os.fsync(file.fileno())


def is_linked(temporary: Path, target: Path) -> bool:
    """Give a finished file its name unless the name is taken.

    `link()` creates the name or fails: the one primitive by which of two writers exactly one wins.
    A network file system may report a failure for a link that was made, so the two are compared.

    Returns:
        Whether `target` is now this file.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        return target.samefile(temporary)
    return True


def create_once(target: Path, content: bytes, scratch: Path, mode: int = 0o644) -> None:
    """Make a file durable under its name, unless another writer has given one that name.

    Args:
        target: its name.
        content: what it holds.
        scratch: a directory of the same file system, to write it in first.
        mode: who may read it.
    """
    temporary = scratch / f"{target.name}.{secrets.token_hex(8)}"
    write_durably(temporary, content, mode)
    is_linked(temporary, target)
    temporary.unlink()
    fsync_directory(target.parent)


def create_secret(path: Path, content: bytes) -> None:
    """Make a file that its owner alone can read, unless another first user has made it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_once(path, content, path.parent, _SECRET_MODE)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, wherever it is, in the place of another.

    Neither the umask nor who could read the other one matters; a link gives way to the file.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_durably(temporary, content, _SECRET_MODE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that a reader finds the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def check_exclusive_creation(directory: Path) -> None:
    """Prove that in this store a name can be created by one writer only.

    Raises:
        StorageError: links do not work, or a second link to a name that is taken went through.
    """
    with (
        explained("Linking a file in", directory),
        TemporaryDirectory(dir=directory, prefix="probe-", ignore_cleanup_errors=True) as probe,
    ):
        first, second, name = (Path(probe, part) for part in ("first", "second", "name"))
        first.write_bytes(b"1")
        second.write_bytes(b"2")
        is_first, is_second = is_linked(first, name), is_linked(second, name)
        holds = is_first and not is_second and name.read_bytes() == b"1"
    if not holds:
        raise StorageError(
            f"{directory} does not create files exclusively, so two writers could lose events.",
            remedy=_ELSEWHERE,
        )
