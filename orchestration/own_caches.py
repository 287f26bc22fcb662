"""Caches in the warehouse that decide what is built are believed only if this warehouse wrote them.

dbt keeps what it parsed; who can write that file could have other SQL run than the project holds.
Ratings lie in files between the step that makes them and those that report and keep them. So beside
such a file stands a code (HMAC-SHA-256) under the vault's key. What was parsed is parsed again
without it, ratings are refused.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError
from ingestion.log.durable import replace_text
from ingestion.paths import Home
from ingestion.subjects.pseudonyms import KEY_FILE

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".code"
_PURPOSE = b"demoscope cache\n"


def is_own(root: Path, cache: Path, made_from: str = "") -> bool:
    """Whether a file was written by this warehouse, from what it says.

    Args:
        root: of the warehouse.
        cache: the file.
        made_from: what it was made from, in words.
    """
    code = _code_file(cache)
    if not cache.exists() or not code.exists():
        return False
    said = code.read_bytes()
    return hmac.compare_digest(said, _code(root, cache, made_from).encode())


def require_own(root: Path, cache: Path) -> None:
    """Refuse a file that this warehouse did not write.

    Raises:
        IntegrityError: something else wrote it, or it was changed since.
    """
    if not is_own(root, cache):
        message = f"{cache} is not what the last build wrote: it was changed since."
        raise IntegrityError(message, remedy="Build again: demoscope build")


def vouch(root: Path, cache: Path, made_from: str = "") -> None:
    """Note that a file, if it is there, was written by this warehouse; arguments as of `is_own`."""
    if cache.exists():
        replace_text(_code_file(cache), _code(root, cache, made_from))


def _code_file(cache: Path) -> Path:
    return cache.with_name(f"{cache.name}{SUFFIX}")


def _code(root: Path, cache: Path, made_from: str) -> str:
    """Before the first load there is no key yet, and nothing that could be built wrongly."""
    path = Home(root).vault / KEY_FILE
    key = path.read_bytes() if path.exists() else b"no key yet"
    content = hashlib.sha256(cache.read_bytes()).hexdigest()
    return hmac.digest(key, f"{content} {made_from}".encode() + _PURPOSE, "sha256").hex()
