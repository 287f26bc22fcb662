"""A policy counts each witness once, and the log itself not at all."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import KEY_FILE, sign
from ingestion.log.cosignature import Policy, cosign, cosigned_at, witness_key
from ingestion.paths import Home
from tests.attacks.small_votes import write_votes
from tests.attacks.witnesses import KEY, NAME, NOW, key_of
from tests.end_to_end.command import demoscope, document

ONE, TWO = witness_key("one.example", key_of(1)), witness_key("two.example", key_of(2))
ALIAS = witness_key("alias.example", key_of(1))
NEW_KEY = witness_key("one.example", key_of(2))
TEXT = f"{NAME}\n2\n{'A' * 43}=\n"


def policy_of(directory: Path, *lines: str) -> Policy:
    path = directory / "policy"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Policy.read(path)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["quorum 1"], "line 1: a quorum of 1 cannot be met by 0 witnesses"),
        ([f"witness {ONE}"], "no quorum"),
        ([f"witness {ONE}", "quorum 2"], "line 2: a quorum of 2 cannot be met by 1 witness"),
        ([f"witness {ONE}", "quorum 0"], "line 2: a quorum of 0"),
        ([f"witness {ONE}", f"witness {ONE}", "quorum 1"], "line 2: .* twice"),
        (
            [f"witness {ONE}", "# the same", f"witness {ALIAS}", "quorum 2"],
            "line 3: alias.example has the key of one.example in line 1",
        ),
        (
            [f"witness {ONE}", f"witness {NEW_KEY}", "quorum 2"],
            "line 2: one.example is named twice, first in line 1",
        ),
        ([f"witness {ONE}", "quorum 1", "quorum 1"], "line 3: .* second quorum"),
        ([f"witness {ONE}", f"witness {TWO}", "quorum 2", "quorum 1"], "line 4: 'quorum 1'"),
        (["witness nobody", "quorum 1"], "line 1: 'nobody' is not the key of a witness"),
        ([f"wittness {ONE}", "quorum 1"], "line 1"),
        ([f"witness {ONE} {TWO}", "quorum 1"], "line 1"),
        ([f"witness {ONE}", "quorum 1 2"], "line 2"),
        ([f"witness {ONE}", "quorum one"], "line 2"),
        ([f"witness {ONE}", "quorum -1"], "line 2"),
        ([f"witness {ONE}", "quorum \N{ARABIC-INDIC DIGIT ONE}"], "line 2"),
        ([f"witness {ONE}", "quorum \N{SUPERSCRIPT TWO}"], "line 2"),
        ([f"witness {ONE}", f"quorum {'9' * 5000}"], "line 2"),
    ],
)
def test_a_policy_that_counts_wrongly_is_refused(
    tmp_path: Path, lines: list[str], why: str
) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        policy_of(tmp_path, *lines)
    assert str(tmp_path / "policy") in refused.value.message
    assert refused.value.remedy


def test_a_policy_of_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy").write_bytes(b"witness \xff\n")
    with pytest.raises(UsageError, match="cannot be read"):
        Policy.read(tmp_path / "policy")


@given(numbers=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4))
def test_only_different_names_with_different_keys_make_a_policy(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[tuple[int, int]]
) -> None:
    keys = [witness_key(f"w{name}.example", key_of(key)) for name, key in numbers]
    lines = [*(f"witness {key}" for key in keys), f"quorum {len(keys)}"]
    names, numbers_of_keys = zip(*numbers, strict=True)
    is_fair = len(set(names)) == len(set(numbers_of_keys)) == len(keys)
    directory = tmp_path_factory.mktemp("policy")
    if is_fair:
        assert policy_of(directory, *lines).quorum == len(keys)
    else:
        with pytest.raises(UsageError, match=r"line \d"):
            policy_of(directory, *lines)


@pytest.mark.parametrize("seconds", [0, 1, 2**40, 2**62, 2**64 - 1, 4_000_000_000])
def test_a_time_that_cannot_be_is_refused(seconds: int) -> None:
    note = sign(TEXT, NAME, KEY) + cosign(TEXT, ONE.name, key_of(1), seconds)
    with pytest.raises(IntegrityError, match=f"{seconds} seconds"):
        cosigned_at(note, ONE)


def test_one_key_signs_for_one_name(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, f"witness {ONE}", f"witness {TWO}", "quorum 2")
    note = sign(TEXT, NAME, KEY) + cosign(TEXT, ONE.name, key_of(1), NOW) * 2
    note += cosign(TEXT, TWO.name, key_of(1), NOW)
    with pytest.raises(IntegrityError, match="1 of the 2 witnesses"):
        policy.signed(note)


def test_a_log_is_no_witness_of_itself(tmp_path: Path) -> None:
    home, held = Home(tmp_path / "home"), tmp_path / "checkpoint"
    document(home.root, "ingest", write_votes(tmp_path / "votes.jsonl", 0, 5), "--json")
    assert demoscope(home.root, "log", "checkpoint", "--out", held).returncode == 0
    key = load_pem_private_key((home.vault / KEY_FILE).read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    text = held.read_text("utf-8").rpartition("\n\n")[0] + "\n"
    itself = witness_key("friend.example", key)
    line = cosign(text, itself.name, key, NOW)
    held.write_text(held.read_text("utf-8") + line, "utf-8")
    policy = tmp_path / "policy"
    policy.write_text(f"# ours\nwitness {itself}\nquorum 1\n", "utf-8")
    refused = demoscope(home.root, "log", "verify", "--checkpoint", held, "--policy", policy)
    assert refused.returncode == 2
    assert f"{policy}, line 2: friend.example has the log's own key" in refused.stderr.replace(
        "\n", " "
    )
    state = ("--state", home.vault, "--name", "friend.example")
    served = demoscope(home.root, "witness", "sign", held, *state, "--log-key", home.log_public_key)
    assert served.returncode == 2
    assert "own key" in served.stderr
