"""Times as the text that canonical JSON has of them, compiled.

What stays out: times beyond the years 0 to 9999, which are written otherwise (leaves.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingestion.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

TIME_LENGTH = len("2026-03-01T12:00:00.000000Z")
_DAY = 86_400_000_000


@compiled
def _two_digits(out: Bytes, at: int, value: np.uint32) -> None:
    tens = np.uint32(value // np.uint32(10))
    out[at] = 0x30 + tens
    out[at + 1] = 0x30 + np.uint32(value - tens * np.uint32(10))


@compiled
def _split(value: np.uint32, by: int) -> tuple[np.uint32, np.uint32]:
    quotient = np.uint32(value // np.uint32(by))
    return quotient, np.uint32(value - quotient * np.uint32(by))


@compiled
def written_times(us: Integers) -> Bytes:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ` of times in the years 0 to 9999."""
    out = np.empty((len(us), TIME_LENGTH), np.uint8)
    for row in range(len(us)):
        text = out[row]
        # Howard Hinnant's civil_from_days: eras of 400 years that begin in March of year 0.
        whole = us[row] // _DAY
        rest = us[row] - whole * _DAY
        # From the year -400 on, so that nothing is negative.
        era, day = _split(np.uint32(whole + 719468 + 146097), 146097)
        year = _split(np.uint32(day - day // 1460 + day // 36524 - day // 146096), 365)[0]
        day = np.uint32(day - (365 * year + year // 4 - year // 100))
        month = np.uint32((5 * day + 2) // 153)
        day = np.uint32(day - (153 * month + 2) // 5)
        month = np.uint32(month + 3 if month < 10 else month - 9)  # noqa: PLR2004 (March is 0)
        year = np.uint32(year + era * 400 - 400 + (1 if month <= 2 else 0))  # noqa: PLR2004
        century, year = _split(year, 100)
        second, micro = rest // 1_000_000, np.uint32(rest % 1_000_000)
        minute, second = _split(np.uint32(second), 60)
        hour, minute = _split(minute, 60)
        _two_digits(text, 0, century)
        _two_digits(text, 2, year)
        text[4] = 0x2D
        _two_digits(text, 5, month)
        text[7] = 0x2D
        _two_digits(text, 8, np.uint32(day + 1))
        text[10] = 0x54
        _two_digits(text, 11, hour)
        text[13] = 0x3A
        _two_digits(text, 14, minute)
        text[16] = 0x3A
        _two_digits(text, 17, second)
        text[19] = 0x2E
        first, micro = _split(micro, 10_000)
        middle, last = _split(micro, 100)
        _two_digits(text, 20, first)
        _two_digits(text, 22, middle)
        _two_digits(text, 24, last)
        text[26] = 0x5A
    return out
