"""Distinct values of which a look at their bytes tells that no row check objects to them.

What is sufficient here is not necessary: what is not plain is put to the conditions themselves.

What stays out: these conditions (row_checks.py), and who asks (value_checks.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.tables import TIMESTAMP

if TYPE_CHECKING:
    from ingestion.tables import Column

Bytes = npt.NDArray[np.uint8]

# Above it there is no blank, and no control character.
_FIRST_VISIBLE = ord("!")
_TIME = np.frombuffer(b"0000-00-00T00:00:00.000000Z", np.uint8)
_ZERO, _NINE = ord("0"), ord("9")
_IS_DIGIT = _TIME == _ZERO


def is_plain_text(column: Column, values: pa.Array) -> bool:
    """Whether texts, none null, are not blank and not too long, and no more is asked of them."""
    if column.vocabulary or column.pattern or not pa.types.is_string(column.type):
        return False
    starts, content = _bytes_of(values)
    lengths = np.diff(starts)
    return bool(
        len(lengths)
        # No text has more characters than bytes.
        and lengths.min() > 0
        and lengths.max() <= column.max_length
        and content[starts[:-1]].min() >= _FIRST_VISIBLE
    )


def plain_times(values: pa.Array, now_us: int) -> pa.Array | None:
    """Texts `YYYY-MM-DDTHH:MM:SS.ffffffZ` as the times they say; None for others and for later."""
    starts, content = _bytes_of(values)
    if not len(values) or (np.diff(starts) != len(_TIME)).any():
        return None
    digits = content[starts[0] : starts[-1]].reshape(len(values), len(_TIME))
    is_number = (digits >= _ZERO) & (digits <= _NINE)
    if not np.where(_IS_DIGIT, is_number, digits == _TIME).all():
        return None
    try:
        times = values.cast(TIMESTAMP)
    except pa.ArrowInvalid:
        return None
    return times if pc.max(times.cast(pa.int64())).as_py() <= now_us else None


def _bytes_of(values: pa.Array) -> tuple[npt.NDArray[np.int32], Bytes]:
    _, offsets, content = values.buffers()
    starts = np.frombuffer(offsets or bytes(4), np.int32)
    starts = starts[values.offset : values.offset + len(values) + 1]
    return starts, np.frombuffer(content or b"", np.uint8)
