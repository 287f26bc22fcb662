"""How much a file may become once it is unpacked: a few kilobytes can stand for gigabytes.

Three bounds hold for every file, and a file that goes beyond one is refused whole. The operator
who trusts a file can widen each of them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from ingestion.errors import LoadRefusedError, UsageError

MAX_RATIO = 100
"""Logs of votes come to 5 to 40 times their packed size; gzip can reach 1,000, zstd far more."""
ALWAYS_ALLOWED = 256 << 20
MAX_UNPACKED = 64 << 30
MAX_ROW = 16 << 20
MAX_IDLE = 300.0
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>[KMGT]?)(?:i?B)?", re.IGNORECASE)


@dataclass(frozen=True)
class Bounds:
    """What is allowed of one file.

    Args:
        max_unpacked: bytes of its content once unpacked; None: MAX_RATIO times its own size, or
            ALWAYS_ALLOWED where that is more, and never more than MAX_UNPACKED.
        max_row: bytes of one row.
        max_idle: seconds of reading in which no row is found.
    """

    max_unpacked: int | None = None
    max_row: int = MAX_ROW
    max_idle: float = MAX_IDLE

    def unpacked(self, packed: int) -> int:
        """How many bytes a file of `packed` bytes may become."""
        if self.max_unpacked is not None:
            return self.max_unpacked
        return min(max(ALWAYS_ALLOWED, MAX_RATIO * packed), MAX_UNPACKED)

    def check_unpacked(self, name: str, count: int, packed: int) -> None:
        """Refuse a file that becomes `count` bytes or more. Raises LoadRefusedError."""
        limit = self.unpacked(packed)
        if count > limit:
            raise LoadRefusedError(
                f"{name}: its {packed:,} bytes unpack to more than {limit:,}, which is the limit.",
                remedy="If you trust the file, allow more: --max-unpacked SIZE (such as 4G).",
            )


DEFAULT = Bounds()


def size_in_bytes(text: str) -> int:
    """What `64M` or `4 GB` means, in powers of 1,024. Raises UsageError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size.", remedy="Write it like 500000, 64M or 4G.")
    return int(match["number"]) << _UNITS[match["unit"].upper()]


class BoundedStream:
    """The content of a file as it is read, held against the bounds.

    Args:
        name: what messages call the file.
        stream: what is read, unpacked.
        bounds: what is allowed.
        packed: the file's own size; None: it isn't packed, so it has the size that it has.
    """

    def __init__(self, name: str, stream: Any, bounds: Bounds, packed: int | None) -> None:
        self._name, self._stream, self._bounds, self._packed = name, stream, bounds, packed
        self._count = 0
        self.found_rows()

    def read(self, size: int) -> Any:
        """At most `size` bytes, none at the end. Raises LoadRefusedError."""
        content = self._stream.read(size)
        self._check(len(content))
        return content

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the content goes. Raises LoadRefusedError."""
        count: int = self._stream.readinto(buffer)
        self._check(count)
        return count

    def found_rows(self) -> None:
        """Start to wait for the next row."""
        self._since = time.monotonic()

    def _check(self, count: int) -> None:
        self._count += count
        if self._packed is not None:
            self._bounds.check_unpacked(self._name, self._count, self._packed)
        if time.monotonic() - self._since > self._bounds.max_idle:
            raise LoadRefusedError(
                f"{self._name}: no row was found in {self._bounds.max_idle:g} seconds of reading, "
                f"{self._count:,} bytes into it.",
                remedy="Look at what stands there, or wait longer: --max-idle SECONDS.",
            )
