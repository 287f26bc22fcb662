"""Digests are those of `hashlib`, whichever way they are made."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import digests
from ingestion.digests import bytes_of, fixed_size, hexadecimal, sha256_each
from ingestion.sha256_many import LANES, sha256_many


def expected(messages: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(message).digest() for message in messages]


@given(st.lists(st.binary(max_size=300), max_size=40), st.integers(0, 3))
def test_the_kernel_is_sha256(messages: list[bytes], start: int) -> None:
    column = pa.array([b"skipped"] * start + messages, pa.binary()).slice(start)
    if len(column):
        assert sha256_many(column).to_pylist() == expected(messages)
    assert sha256_each(column).to_pylist() == expected(messages)


@pytest.mark.parametrize("size", [1, 2, LANES - 1, LANES, LANES + 1, 3 * LANES + 5])
def test_every_length_and_number(size: int) -> None:
    generator = np.random.default_rng(size)
    messages = [generator.bytes(int(n)) for n in generator.integers(0, 400, size)]
    messages += [bytes(length) for length in range(270)] if size == 1 else []
    assert sha256_many(pa.array(messages, pa.binary())).to_pylist() == expected(messages)


def test_parts_are_put_together_and_the_kernel_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, numbers = ["", "é", "x" * 99], fixed_size(bytes(range(48)), 16)
    messages = [
        b"\1" + text.encode() + bytes(range(16 * k, 16 * k + 16)) for k, text in enumerate(texts)
    ]
    few = sha256_each(b"\1", pa.array(texts), numbers)
    monkeypatch.setattr(digests, "KERNEL_AFTER", 0)
    many = sha256_each(b"\1", pa.array(texts), numbers)
    assert few.to_pylist() == many.to_pylist() == expected(messages)


def test_who_knows_that_much_is_coming_has_the_kernel_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def kernel(messages: pa.BinaryArray) -> pa.FixedSizeBinaryArray:
        asked.append(len(messages))
        return sha256_many(messages)

    monkeypatch.setattr("ingestion.sha256_many.sha256_many", kernel)
    monkeypatch.setattr(digests, "_hashed", 0)
    assert sha256_each(pa.array([b"x"])).to_pylist() == expected([b"x"])
    assert asked == []
    digests.expect_many()
    assert sha256_each(pa.array([b"x"])).to_pylist() == expected([b"x"])
    assert asked == [1]


def test_no_messages() -> None:
    assert len(sha256_each(pa.array([], pa.string()))) == 0


def test_bytes_and_digits() -> None:
    column = fixed_size(bytes(range(12)), 3).slice(1)
    assert bytes_of(column).tolist() == [[3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert hexadecimal(bytes_of(column)[:, :2]).to_pylist() == ["0304", "0607", "090a"]
