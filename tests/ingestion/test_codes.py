"""Text in codes is the same text, whatever is done to the codes."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import codes
from ingestion.codes import CODED_TEXT, code_text, compacted, joined, plain_text, texts_of

TEXTS = st.lists(st.none() | st.sampled_from(["", "a", "bé", "c" * 40]), max_size=60)
WORDS = st.lists(st.text(max_size=40), min_size=1, max_size=60)


def coded(values: list[str | None]) -> pa.DictionaryArray:
    """With texts before and between the others that no row has."""
    texts = ["unused", *dict.fromkeys(value for value in values if value is not None), "too"]
    numbers = [None if value is None else texts.index(value) for value in values]
    return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), pa.array(texts))


@given(TEXTS, st.data())
def test_only_what_occurs_is_kept_in_the_order_of_the_rows(
    values: list[str | None], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(values)))
    kept = compacted(coded(values).slice(start))
    assert kept.to_pylist() == values[start:]
    occurring = [value for value in values[start:] if value is not None]
    assert kept.dictionary.to_pylist() == list(dict.fromkeys(occurring))


@given(WORDS, st.data())
def test_two_columns_row_by_row(left: list[str], data: st.DataObject) -> None:
    right = data.draw(st.lists(st.text(max_size=20), min_size=len(left), max_size=len(left)))
    start = data.draw(st.integers(0, len(left)))
    a, b = (coded(list(texts)).slice(start) for texts in (left, right))
    expected = [":".join(pair) for pair in zip(left[start:], right[start:], strict=True)]
    assert joined(a, b, ":").to_pylist() == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "MANY_ROWS", 1)
        assert joined(a, b, ":").to_pylist() == expected


@given(TEXTS, TEXTS)
def test_there_and_back(first: list[str | None], second: list[str | None]) -> None:
    chunks = [pa.array(first, pa.string()).dictionary_encode(), coded(second)]
    table = pa.table(
        {"text": pa.chunked_array(chunks, CODED_TEXT), "n": range(len(first + second))}
    )
    again = code_text(table)
    assert again["text"].num_chunks == 1
    assert again["text"].type == CODED_TEXT
    for form in (table, again, plain_text(again), code_text(plain_text(table))):
        assert form["text"].to_pylist() == first + second
    assert plain_text(table)["text"].type == pa.string()
    assert texts_of(plain_text(again)["text"].combine_chunks()).to_pylist() == first + second
