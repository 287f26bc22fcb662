"""The tree against RFC 6962's reference roots, a transcription of it, and changed proofs."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.log.merkle import Tree, is_consistent, is_included, leaf_hash, node_hash

# The reference inputs and roots of the certificate-transparency project's Merkle tree tests.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = max(2**power for power in range(20) if 2**power < len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


@pytest.mark.parametrize("size", range(9))
def test_reference_roots(size: int) -> None:
    assert Tree(HASHES[:size]).root.hex() == ROOTS[size]
    assert mth(LEAVES[:size]).hex() == ROOTS[size]


def test_every_proof_of_small_trees_holds_for_its_place_only() -> None:
    leaves = [bytes([number]) for number in range(33)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    for size in range(1, 34):
        tree = Tree(hashes[:size])
        assert tree.root == mth(leaves[:size])
        for index in range(size):
            path = tree.inclusion(index)
            assert is_included(hashes[index], index, size, path, tree.root)
            assert not is_included(hashes[index], index, size, [*path, b"\0" * 32], tree.root)
            assert not is_included(hashes[index], index, size, path[:-1], tree.root) or size == 1
            assert not is_included(hashes[index], (index + 1) % size, size, path, tree.root) or (
                size == 1
            )


@given(size=st.integers(1, 70), data=st.data())
def test_a_changed_proof_is_refused(size: int, data: st.DataObject) -> None:
    hashes = [leaf_hash(bytes([number])) for number in range(size)]
    tree = Tree(hashes)
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index)
    assert is_included(hashes[index], index, size, path, tree.root)
    if path:
        at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        flipped = bytearray(path[at])
        flipped[bit // 8] ^= 1 << bit % 8
        changed = [*path[:at], bytes(flipped), *path[at + 1 :]]
        assert not is_included(hashes[index], index, size, changed, tree.root)
        shortened = path[:at] + path[at + 1 :]
        assert not is_included(hashes[index], index, size, shortened, tree.root)


def test_leaves_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="leaf 3 of 3"):
        Tree(HASHES[:3]).inclusion(3)
    assert not is_included(HASHES[0], 0, 0, [], b"")


def subproof(size: int, leaves: list[bytes], *, is_whole: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2, word for word."""
    if size == len(leaves):
        return [] if is_whole else [mth(leaves)]
    k = max(2**power for power in range(20) if 2**power < len(leaves))
    if size <= k:
        return [*subproof(size, leaves[:k], is_whole=is_whole), mth(leaves[k:])]
    return [*subproof(size - k, leaves[k:], is_whole=False), mth(leaves[:k])]


@pytest.mark.parametrize("size", [*range(1, 20), 32, 33])
def test_a_tree_continues_every_older_one_and_no_other(size: int) -> None:
    leaves = [bytes([number]) for number in range(size)]
    tree = Tree([leaf_hash(leaf) for leaf in leaves])
    for old in range(size + 1):
        path, root = tree.consistency(old), mth(leaves[:old])
        if old:
            assert path == subproof(old, leaves, is_whole=True)
        assert is_consistent(old, root, size, tree.root, path)
        if not 0 < old < size:
            continue
        other = leaf_hash(b"other")
        assert not is_consistent(old, other, size, tree.root, path)
        assert not is_consistent(old, root, size, other, path)
        assert not is_consistent(old, root, size, tree.root, [*path, other])
        for place in range(len(path)):
            assert not is_consistent(old, root, size, tree.root, path[:place] + path[place + 1 :])
            changed = [*path[:place], other, *path[place + 1 :]]
            assert not is_consistent(old, root, size, tree.root, changed)
    with pytest.raises(ValueError, match="leaves"):
        tree.consistency(size + 1)
