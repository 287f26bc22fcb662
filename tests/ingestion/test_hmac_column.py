"""The compiled HMAC is the standard library's, whatever the lengths."""

import hmac

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import pseudonyms
from ingestion.errors import IntegrityError
from ingestion.hmac_column import hmac_column
from ingestion.pseudonyms import Pseudonymiser
from ingestion.sha_vectors import LANES

KEY = bytes(range(32))
PADDED = KEY.ljust(64, b"\0")
INNER = bytes(byte ^ 0x36 for byte in PADDED)
OUTER = bytes(byte ^ 0x5C for byte in PADDED)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=150)


def expected(prefix: bytes, texts: list[str], digits: int) -> list[str]:
    return [hmac.digest(KEY, prefix + text.encode(), "sha256").hex()[:digits] for text in texts]


@given(TEXTS, st.binary(max_size=150), st.integers(1, 64))
def test_it_is_the_standard_librarys(texts: list[str], prefix: bytes, digits: int) -> None:
    hashed = hmac_column(pa.array(texts, pa.string()), INNER + prefix, OUTER, digits)
    assert hashed.to_pylist() == expected(prefix, texts, digits)


def test_every_length_about_the_block() -> None:
    texts = ["x" * length for length in range(200)]
    hashed = hmac_column(pa.array(texts), INNER, OUTER, 64)
    assert hashed.to_pylist() == expected(b"", texts, 64)


def test_a_slice_of_a_column() -> None:
    texts = [f"id-{n}" for n in range(3 * LANES)]
    hashed = hmac_column(pa.array(texts).slice(5, 100), INNER, OUTER, 32)
    assert hashed.to_pylist() == expected(b"", texts[5:105], 32)


def test_many_pseudonyms_are_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    values = pa.array([None if n % 9 == 0 else f"p{n % 50}" for n in range(300)])
    hasher = Pseudonymiser(KEY)
    few = hasher.column(values, "subject", "s")
    monkeypatch.setattr(pseudonyms, "MANY", 1)
    assert hasher.column(values, "subject", "s").equals(few)


def test_a_compiler_that_errs_stops_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "MANY", 1)
    hasher = Pseudonymiser(KEY)
    monkeypatch.setattr(hasher, "_outer_pad", bytes(64))
    with pytest.raises(IntegrityError, match="disagrees"):
        hasher.column(pa.array(["p"]), "subject", "s")
