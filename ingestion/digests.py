"""SHA-256 of the values of a column: by `hashlib`, and by the compiled kernel once that pays.

Compiling costs two seconds of CPU time, and loading what was compiled half a second, so a process
begins with `hashlib` and goes over to the kernel when it has hashed as much as half a million rows
of a load need, or when it is told that so much is coming. Both give the same digests.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

DIGEST_BYTES = 32
KERNEL_AFTER = 2_000_000
"""Messages that a process hashes before it compiles the kernel."""

Bytes = npt.NDArray[np.uint8]
_hashed = 0


def expect_many() -> None:
    """Use the kernel from now on: messages enough to pay for it are on their way."""
    global _hashed  # noqa: PLW0603 (how much this process has hashed)
    _hashed = KERNEL_AFTER


def sha256_each(*parts: pa.Array | bytes) -> pa.FixedSizeBinaryArray:
    """The digest of each row's message: its parts, one after the other.

    Args:
        parts: columns of text or bytes without nulls, or bytes that are the same in every row;
            the first or the second is a column.
    """
    global _hashed  # noqa: PLW0603 (how much this process has hashed)
    columns = [
        pa.scalar(part, pa.binary()) if isinstance(part, bytes) else part.cast(pa.binary())
        for part in parts
    ]
    messages = columns[0]
    if len(columns) > 1:
        messages = pc.binary_join_element_wise(*columns, pa.scalar(b"", pa.binary()))
    _hashed += len(messages)
    if _hashed > KERNEL_AFTER:
        from ingestion.sha256_many import sha256_many

        return sha256_many(messages)
    _, ends, content = messages.buffers()
    whole = content.to_pybytes() if content is not None else b""
    offsets = np.frombuffer(ends or bytes(4), np.int32)[messages.offset :][: len(messages) + 1]
    sha256 = hashlib.sha256
    joined = b"".join([sha256(whole[a:b]).digest() for a, b in pairwise(offsets.tolist())])
    return fixed_size(joined, DIGEST_BYTES)


def fixed_size(content: bytes | Bytes, width: int) -> pa.FixedSizeBinaryArray:
    """Bytes that lie one after the other as a column, without a copy."""
    buffer = pa.py_buffer(content)
    return pa.Array.from_buffers(pa.binary(width), buffer.size // width, [None, buffer])


def bytes_of(column: pa.FixedSizeBinaryArray) -> Bytes:
    """The same the other way round: a row of bytes per value; zeros may stand for null."""
    width, content = column.type.byte_width, column.buffers()[1]
    values = np.frombuffer(content or b"", np.uint8)
    return values[column.offset * width :][: len(column) * width].reshape(-1, width)


def hexadecimal(content: Bytes) -> pa.StringArray:
    """A text of lower-case hexadecimal digits per row of bytes."""
    count, width = content.shape
    digits = np.ascontiguousarray(content).tobytes().hex().encode()
    ends = np.arange(0, 2 * width * (count + 1), 2 * width, dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(digits)]
    return pa.Array.from_buffers(pa.string(), count, buffers)
