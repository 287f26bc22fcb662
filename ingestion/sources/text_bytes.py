"""What the bytes of a text column say at once, so that a whole column is spared a slower look.

Every answer errs to one side: bytes of values that are null are looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
# Bytes that stay in the processor's cache while they are looked at.
_STRIDE = 1 << 18
_FIRST_PRINTED, _PRINTED_COUNT = 0x20, 0x5F
_SPACE = 0x20


def is_plain(values: pa.ChunkedArray) -> bool:
    """Whether the text is printed ASCII alone."""
    return all(
        (held[at : at + _STRIDE] - np.uint8(_FIRST_PRINTED)).max() < _PRINTED_COUNT
        for held, _ in _held(values)
        for at in range(0, len(held), _STRIDE)
    )


def is_trimmed(values: pa.ChunkedArray) -> bool:
    """Whether the text is printed ASCII, and no value begins or ends with a blank."""
    for held, edges in _held(values):
        is_some = edges[1:] > edges[:-1]
        first, last = edges[:-1][is_some], edges[1:][is_some] - 1
        if (held[first] == _SPACE).any() or (held[last] == _SPACE).any():
            return False
    return is_plain(values)


def may_begin(values: pa.ChunkedArray, characters: str) -> bool:
    """Whether any value may begin with one of the characters, which are ASCII."""
    is_one = np.zeros(256, dtype=bool)
    is_one[list(characters.encode("ascii"))] = True
    for held, edges in _held(values):
        first = edges[:-1][edges[1:] > edges[:-1]]
        if is_one[held[first]].any():
            return True
    return False


def _held(values: pa.ChunkedArray) -> Iterator[tuple[Bytes, npt.NDArray[np.int32]]]:
    """The bytes of each chunk that has some, and where its values begin and the last one ends."""
    for chunk in values.chunks:
        _, offsets, content = chunk.buffers()
        if content is None or not len(chunk):
            continue
        edges = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        held = np.frombuffer(content, np.uint8)[edges[0] : edges[-1]]
        if len(held):
            yield held, edges - edges[0]
