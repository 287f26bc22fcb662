"""Secrets are stable, different, and destroyed one by one for good."""

import hashlib
import stat
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import IntegrityError
from ingestion.subjects.key_tree import DEPTH, DIGITS, DestroyedError, KeyTree, leaf_of

NAMES = [f"name-{number}" for number in range(300)]


def fixed() -> KeyTree:
    return KeyTree({"": bytes(32)})


def test_a_secret_by_hand() -> None:
    """Sixteen hashes of the seed and a digit of the name's hash, as the docs say."""
    seed = bytes(32)
    for digit in hashlib.sha256(b"anna").hexdigest()[:16]:
        seed = hashlib.sha256(seed + digit.encode()).digest()
    assert fixed().secret("anna") == seed


def test_secrets_differ_and_stay() -> None:
    tree = fixed()
    assert len({tree.secret(name) for name in NAMES}) == len(NAMES)
    assert [fixed().secret(name) for name in NAMES] == [tree.secret(name) for name in NAMES]
    assert KeyTree.new().secret("anna") != KeyTree.new().secret("anna")


@settings(max_examples=25)
@given(st.sets(st.sampled_from(NAMES), max_size=12))
def test_destroying_takes_these_and_no_others(gone: set[str]) -> None:
    tree, whole = fixed(), fixed()
    for name in sorted(gone):
        tree.destroy(name)
        tree.destroy(name)
    for name in NAMES:
        if name in gone:
            with pytest.raises(DestroyedError):
                tree.secret(name)
        else:
            assert tree.secret(name) == whole.secret(name)


def test_nothing_above_a_destroyed_leaf_is_left() -> None:
    """No seed that is left leads to it: none stands on its path."""
    tree = fixed()
    tree.destroy("anna")
    leaf = leaf_of("anna")
    assert not [path for path in tree._seeds if leaf.startswith(path)]
    assert len(tree._seeds) == DEPTH * (len(DIGITS) - 1)
    # Every other leaf is below exactly one seed.
    for name in NAMES:
        assert sum(leaf_of(name).startswith(path) for path in tree._seeds) == 1


def test_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "vault" / "seals.tree"
    tree = KeyTree.open(path, is_made=True)
    kept, gone = tree.secret("ben"), tree.secret("anna")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeyTree.open(path, is_made=True).secret("anna") == gone
    root = tree._seeds[""].hex()
    assert root in path.read_text()
    before = path.open("rb")
    tree.destroy("anna")
    tree.replace(path)
    with before:
        assert set(before.read()) == {0}, "the old file was not overwritten"
    assert root not in path.read_text()
    again = KeyTree.open(path, is_made=False)
    assert again.secret("ben") == kept
    with pytest.raises(DestroyedError):
        again.secret("anna")
    assert [file.name for file in path.parent.iterdir()] == ["seals.tree"]


def test_missing_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "seals.tree"
    with pytest.raises(IntegrityError, match="missing"):
        KeyTree.open(path, is_made=False)
    KeyTree.open(path, is_made=True)
    content = path.read_bytes()
    for damaged in (b"", content[:-10], content.replace(b"seeds", b"sedes")):
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError, match="damaged"):
            KeyTree.open(path, is_made=True)


@pytest.mark.parametrize("gone", [0, 3])
def test_a_column_of_names_has_the_secrets_of_each(gone: int) -> None:
    """A slice, so that offsets count; names of any length, one of them twice."""
    names = [f"{number:0{3 + number % 90}x}" for number in range(600)] + ["", "", "\N{SNOWMAN}"]
    tree = fixed()
    for name in names[50 : 50 + gone]:
        tree.destroy(name)
    column = tree.column(pa.array(names).slice(50))
    assert column.null_count == gone
    some = range(0, len(column), 7)
    for row in some:
        if row >= gone:
            assert column[row].as_py() == tree.secret(names[50 + row])
    assert column[gone].as_py() == fixed().secret(names[50 + gone])
    assert len(tree.column(pa.array([], pa.string()))) == 0


def test_destroyed_secrets_are_counted() -> None:
    tree = KeyTree.new()
    assert tree.destroyed_count() == 0
    for count, name in enumerate(("anna", "ben", "cleo"), 1):
        tree.destroy(name)
        tree.destroy(name)
        assert tree.destroyed_count() == count
