"""What a witness is asked that is not the next checkpoint of a log that it knows."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import Checkpoint, Verifier, sign, verifier_of
from ingestion.log.cosignature import cosigned_at, witness_key
from ingestion.log.merkle import Tree, leaf_hash
from ingestion.log.witness import MOST_BYTES, WitnessServer, request_body
from tests.attacks.witnesses import KEY, NAME, key_of, public, witness_of
from tests.end_to_end.command import demoscope

OTHER_NAME, OTHER_KEY = "other.example/log", key_of(9)
LEAVES = [leaf_hash(bytes([number])) for number in range(20)]
FORK = [*LEAVES[:5], *(leaf_hash(bytes([number, 1])) for number in range(15))]


def tree_of(size: int, leaves: list[bytes] = LEAVES) -> Tree:
    return Tree(leaves[:size])


def note_of(
    tree: Tree, origin: str = NAME, signer: str = NAME, key: Ed25519PrivateKey = KEY
) -> str:
    return sign(Checkpoint(origin, tree.size, tree.root).encode(), signer, key)


def asked(witness: WitnessServer, old: int, path: list[bytes], note: str) -> int:
    return witness.add_checkpoint(request_body(old, path, note).encode()).status


@pytest.fixture
def witness(tmp_path: Path) -> WitnessServer:
    """It knows two logs, and saw 7 commits of the first."""
    one = witness_of(tmp_path / "witness", 1)
    logs = (*one.logs, verifier_of(OTHER_NAME, OTHER_KEY))
    witness = WitnessServer(one.name, one.key, one.directory, logs, one.clock)
    assert asked(witness, 0, [], note_of(tree_of(7))) == 200
    return witness


def is_unmoved(witness: WitnessServer) -> bool:
    """Whether it still takes what continues the 7 commits."""
    return asked(witness, 7, tree_of(12).consistency(7), note_of(tree_of(12))) == 200


def test_another_root_of_the_same_size_is_refused(witness: WitnessServer) -> None:
    assert asked(witness, 7, [], note_of(tree_of(7, FORK))) == 409
    assert asked(witness, 7, [], note_of(tree_of(7))) == 200
    assert is_unmoved(witness)


@pytest.mark.parametrize("size", range(7))
def test_a_shorter_log_is_refused(witness: WitnessServer, size: int) -> None:
    for old in range(8):
        assert asked(witness, old, [], note_of(tree_of(size))) in {400, 409}
    assert is_unmoved(witness)


def test_a_proof_of_another_length_is_refused(witness: WitnessServer) -> None:
    path, note = tree_of(12).consistency(7), note_of(tree_of(12))
    wrong = [[], path[:-1], path[1:], [*path, path[-1]], [path[0], *path], path[::-1], path * 9]
    for one in wrong:
        assert asked(witness, 7, one, note) == 422
    assert asked(witness, 7, path[:1], note_of(tree_of(7))) == 422
    assert asked(witness, 7, [path[0]] * 64, note) == 400
    assert asked(witness, 7, [path[0][:-1]], note) == 400
    assert asked(witness, 7, [path[0] + b"\0"], note) == 400
    assert is_unmoved(witness)


@given(
    size=st.integers(8, 20),
    path=st.lists(st.sampled_from([*LEAVES, tree_of(4).root, tree_of(7).root]), max_size=6),
)
def test_no_fork_is_ever_signed(
    tmp_path_factory: pytest.TempPathFactory, size: int, path: list[bytes]
) -> None:
    witness = witness_of(tmp_path_factory.mktemp("witness"), 1)
    assert asked(witness, 0, [], note_of(tree_of(7))) == 200
    fork = tree_of(size, FORK)
    for one in (path, fork.consistency(7), tree_of(size).consistency(7)):
        for old in (0, 5, 7, size):
            assert asked(witness, old, one, note_of(fork)) in {409, 422}


def test_logs_do_not_speak_for_each_other(witness: WitnessServer) -> None:
    tree = tree_of(12)
    path = tree.consistency(7)
    for old, one, note in (
        (7, path, note_of(tree, NAME, OTHER_NAME, OTHER_KEY)),
        (7, path, note_of(tree, NAME, NAME, OTHER_KEY)),
        (0, [], note_of(tree, OTHER_NAME, NAME, KEY)),
        (0, [], note_of(tree, OTHER_NAME, OTHER_NAME, KEY)),
    ):
        assert asked(witness, old, one, note) == 403
    for origin in ("", "third.example", f"{NAME} ", NAME.upper(), f" {NAME}"):
        note = sign(f"{origin}\n12\n{'A' * 43}=\n", NAME, KEY)
        assert asked(witness, 7, path, note) == 404
    assert asked(witness, 0, [], note_of(tree, OTHER_NAME, OTHER_NAME, OTHER_KEY)) == 200
    assert is_unmoved(witness)


@pytest.mark.parametrize(
    "old",
    [
        "old 07",
        "old +7",
        "old -7",
        "old 7 ",
        "old  7",
        "old",
        f"old {'7' * 5000}",
        "old \N{ARABIC-INDIC DIGIT SEVEN}",
    ],
)
def test_a_size_is_a_number(witness: WitnessServer, old: str) -> None:
    body = request_body(7, tree_of(12).consistency(7), note_of(tree_of(12)))
    assert witness.add_checkpoint(body.replace("old 7", old, 1).encode()).status == 400
    assert is_unmoved(witness)


def test_a_request_is_text_and_not_too_long(witness: WitnessServer) -> None:
    body = request_body(7, tree_of(12).consistency(7), note_of(tree_of(12))).encode()
    for wrong in (b"", b"\xff", body + b"\xff", body.replace(b"old", b"\xfeld"), b"\0" * 99):
        assert witness.add_checkpoint(wrong).status in {400, 403}
    assert witness.add_checkpoint(body + b"\n" * MOST_BYTES).status == 400
    for changed in (body.replace(b"\n", b"\r\n"), body[:-1], body + b"\n", body + b"rubbish\n"):
        assert witness.add_checkpoint(changed).status in {400, 403, 404}
    assert is_unmoved(witness)


@given(body=st.binary(max_size=300))
def test_anything_else_is_refused(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    witness = witness_of(tmp_path_factory.mktemp("witness"), 1)
    assert witness.add_checkpoint(body).status == 400
    assert witness.add_checkpoint(b"old 0\n\n" + body).status in {400, 403, 404}


@pytest.mark.parametrize("size", [-1, 2**63, 2**64, 10**30])
def test_a_size_that_no_log_has_is_refused(witness: WitnessServer, size: int) -> None:
    for origin, key, old in ((NAME, KEY, 7), (OTHER_NAME, OTHER_KEY, 0)):
        note = sign(f"{origin}\n{size}\n{'A' * 43}=\n", origin, key)
        assert asked(witness, old, [], note) == 403
    assert is_unmoved(witness)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a+b", "a\tb", "a\n", "a\u2028b", "a\x00", "a\x1b[31m", "a\u200bb", "\udcff"],
)
def test_a_name_that_no_note_can_have_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a key"):
        witness_key(name, KEY)
    key = tmp_path / "log.pub"
    key.write_text(f"{verifier_of(NAME, KEY)}\n", "utf-8")
    named = ("--state", tmp_path / "state", "--name", name, "--log-key", key)
    for command in (("sign", key), ("serve", "--port", "0")):
        refused = demoscope(tmp_path, "witness", *command, *named)
        assert refused.returncode == UsageError.exit_code
    assert not list((tmp_path / "state").glob("*.json"))


def test_two_logs_of_one_name_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "first.pub", tmp_path / "second.pub"
    first.write_text(f"{verifier_of(NAME, KEY)}\n", "utf-8")
    second.write_text(f"{verifier_of(NAME, OTHER_KEY)}\n", "utf-8")
    named = ("--state", tmp_path / "state", "--name", "a.example")
    keys = ("--log-key", first, "--log-key", second)
    refused = demoscope(tmp_path, "witness", "sign", first, *named, *keys)
    assert refused.returncode == UsageError.exit_code
    assert "second.pub" in refused.stderr
    assert NAME in refused.stderr


def test_a_request_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "log.pub"
    key.write_text(f"{verifier_of(NAME, KEY)}\n", "utf-8")
    named = ("--state", tmp_path / "state", "--name", "a.example", "--log-key", key)
    large = tmp_path / "large"
    large.write_bytes(b"old 0\n" * MOST_BYTES)
    assert demoscope(tmp_path, "witness", "sign", tmp_path, *named).returncode == 2
    refused = demoscope(tmp_path, "witness", "sign", large, *named)
    assert refused.returncode == IntegrityError.exit_code
    assert refused.stdout == ""


def test_a_public_key_of_bytes_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "log.pub"
    key.write_bytes(b"\xff\xfe")
    named = ("--state", tmp_path / "state", "--name", "a.example", "--log-key", key)
    refused = demoscope(tmp_path, "witness", "sign", key, *named)
    assert refused.returncode == UsageError.exit_code
    assert str(key) in refused.stderr.replace("\n", "")


def test_a_signature_of_a_note_is_no_cosignature() -> None:
    """A log's key that signs as a witness would sign other words, and under another id."""
    witness = public(witness_of(Path(), 1))
    note = note_of(tree_of(7), NAME, witness.name, key_of(1))
    assert cosigned_at(note, witness) is None
    with pytest.raises(UsageError, match="not the key of a witness"):
        Verifier.parse(str(verifier_of(witness.name, key_of(1))), witness.algorithm)
