"""What is said of a whole column by its bytes is what its values say one by one."""

import re
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.text_bytes import is_plain, is_trimmed, may_begin

TEXTS = st.lists(st.none() | st.text() | st.text("a0 -~") | st.just(""))


def _column(texts: list[str | None], start: int) -> tuple[pa.ChunkedArray, list[str]]:
    column: Any = pa.chunked_array([pa.array(texts, pa.string()).slice(start)])
    return column, [text for text in texts[start:] if text is not None]


@given(TEXTS, st.integers(0, 3))
def test_plain_is_printed_ascii(texts: list[str | None], start: int) -> None:
    column, said = _column(texts, start)
    assert is_plain(column) == all(re.fullmatch("[ -~]*", text) for text in said)


@given(TEXTS, st.integers(0, 3))
def test_trimmed_is_plain_without_blanks_around(texts: list[str | None], start: int) -> None:
    column, said = _column(texts, start)
    assert is_trimmed(column) == all(re.fullmatch("([!-~]|[!-~][ -~]*[!-~])?", t) for t in said)


@given(TEXTS, st.integers(0, 3))
def test_what_values_begin_with(texts: list[str | None], start: int) -> None:
    column, said = _column(texts, start)
    assert may_begin(column, "-0") == any(text[:1] in {"-", "0"} for text in said)


def test_long_columns_are_looked_at_to_their_end() -> None:
    column = pa.chunked_array([["a" * 1000] * 1000, ["a"] * 9 + ["\u00e9"]])
    assert not is_plain(column)
    assert is_plain(column.slice(0, 1009))
