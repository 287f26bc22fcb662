"""Pseudonyms are SHA-256 behind a block made of the vault's key, as the standard library has it."""

import hashlib
import stat
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import IntegrityError
from ingestion.subjects.pseudonyms import Pseudonymiser

KEY = bytes(range(32))
# Text that UTF-8 can hold; scopes never contain a zero byte (contract: a source is a slug).
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SCOPE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(TEXT, SCOPE)
def test_a_pseudonym_is_the_keyed_hash_of_its_scope_and_value(value: str, scope: str) -> None:
    message = hashlib.sha512(KEY).digest() + f"subject\0{scope}\0{value}".encode()
    expected = hashlib.sha256(message).hexdigest()[:32]
    assert Pseudonymiser(KEY).text("subject", scope, value) == expected


@given(st.lists(TEXT, max_size=50))
def test_a_column_is_hashed_value_by_value(values: list[str]) -> None:
    hasher = Pseudonymiser(KEY)
    hashed = hasher.distinct(pa.array(values, pa.string()), "subject", "s").to_pylist()
    assert hashed == [hasher.text("subject", "s", value) for value in values]


def test_the_same_id_in_another_source_is_another_person() -> None:
    hasher = Pseudonymiser(KEY)
    assert hasher.text("subject", "one", "7") != hasher.text("subject", "two", "7")


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    first = Pseudonymiser.open(vault).text("subject", "s", "7")
    assert Pseudonymiser.open(vault).text("subject", "s", "7") == first
    [key] = vault.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_damaged_key_is_refused_rather_than_replaced(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_bytes(b"short")
    with pytest.raises(IntegrityError, match="5 bytes"):
        Pseudonymiser.open(tmp_path)
