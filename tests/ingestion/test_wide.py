"""Vector instructions give what a loop over bytes gives, at every place and up to the last byte."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from ingestion.wide import SLACK, copy_wide, count_alike, find_stop, word_of

TEXT = st.binary(max_size=120)


def array(content: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(content, np.uint8).copy()


@given(common=TEXT, ends=st.tuples(TEXT, TEXT), starts=st.tuples(TEXT, TEXT), data=st.data())
def test_how_far_two_texts_are_alike(
    common: bytes, ends: tuple[bytes, bytes], starts: tuple[bytes, bytes], data: st.DataObject
) -> None:
    texts = [start + common + end for start, end in zip(starts, ends, strict=True)]
    rest = [text[len(start) :] for text, start in zip(texts, starts, strict=True)]
    most = data.draw(st.integers(0, min(map(len, rest))))
    alike = next((k for k in range(most) if rest[0][k] != rest[1][k]), most)
    a, b = map(array, texts)
    assert count_alike(a, len(starts[0]), b, len(starts[1]), most) == alike


@given(
    plain=st.text("ab ~é", max_size=90),
    stop=st.sampled_from(['"', "\\", "\n", "\0", ""]),
    after=TEXT,
)
def test_where_json_text_stops(plain: str, stop: str, after: bytes) -> None:
    before = plain.encode()
    text = array(before + stop.encode() + after)
    end = len(before) + len(stop)
    assert find_stop(text, 0, end) == len(before)
    assert find_stop(text, len(before) // 2, end) == len(before)
    assert find_stop(text, 0, len(before) // 2) == len(before) // 2


@given(text=st.binary(min_size=1, max_size=40), data=st.data())
def test_eight_bytes_as_a_number(text: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, len(text) - at))
    word = word_of(array(text), at, length)
    assert int(word) == int.from_bytes(text[at : at + min(length, 8)], "little")


@given(text=TEXT, data=st.data())
def test_copies(text: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    out = np.zeros(SLACK + len(text) + SLACK, np.uint8)
    assert copy_wide(out, 3, array(text + bytes(SLACK)), start, end) == 3 + end - start
    assert out[:3].tobytes() == bytes(3)
    assert out[3 : 3 + end - start].tobytes() == text[start:end]
