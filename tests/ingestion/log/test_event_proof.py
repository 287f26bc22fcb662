"""Proofs of events: an auditor's own verifier accepts them, and nothing changed passes.

`audit` is written from docs/event-log.md alone and imports nothing of ours.
"""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import DemoscopeError, IntegrityError, NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.log.checkpoint import (
    KEY_FILE,
    publish,
    read_public_key,
    sign,
    signing_key,
    verifier_of,
)
from ingestion.log.event_proof import (
    prove_commit,
    prove_event,
    verify_commit_proof,
    verify_event_proof,
)
from tests.ingestion.log.events import battles, commit, models

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "test.example/log"
VERIFIER = verifier_of(ORIGIN, KEY)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaf: bytes, index: int, size: int, path: list[str]) -> bytes:
    """RFC 9162, 2.1.3.2, steps 1 to 5."""
    assert 0 <= index < size
    fn, sn, r = index, size - 1, leaf
    for p in map(base64.b64decode, path):
        assert sn != 0
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


def audit(proof_file: bytes, public_key: str) -> tuple[dict[str, Any], int, str]:
    """The event, its position and time, from a proof and the line of log-public.pub."""
    name, key_id, key = public_key.strip().split("+", 2)
    signer = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    proof = json.loads(proof_file)
    text, signature = proof["checkpoint"].split("\n\n")
    text += "\n"
    dash, signed_by, encoded = signature.strip().split(" ")
    assert (dash, signed_by) == ("\N{EM DASH}", name)
    assert base64.b64decode(encoded)[:4].hex() == key_id
    signer.verify(base64.b64decode(encoded)[4:], text.encode())
    origin, size, root = text.splitlines()
    assert origin == name

    chain = proof["commit"]
    assert chain["size"] == int(size)
    leaf = sha256(b"\x00", chain["commit"].encode())
    assert root_of(leaf, chain["index"], chain["size"], chain["path"]) == base64.b64decode(root)

    record = json.loads(chain["commit"])
    segment = record["segments"][proof["segment"]]
    event = proof["event"]
    assert segment["event_type"] == event["event_type"]
    if "salt" in proof:
        payload = {k: v for k, v in event.items() if k not in {"event_id", "event_type"}}
        commitment = sha256(bytes.fromhex(proof["salt"]), rfc8785.dumps(payload))
    else:
        commitment = bytes.fromhex(proof["commitment"])
    leaf = sha256(b"\x00", commitment, event["event_id"].encode())
    row = proof["row"]
    assert root_of(leaf, row["index"], segment["rows"], row["path"]).hex() == segment["row_root"]
    return event, segment["first_position"] + row["index"], record["recorded_at"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    log = EventLog.open(tmp_path_factory.mktemp("home") / "log")
    commit(log, "one", battles(range(20)), models(["m", 'quo"te\n', "é\N{SNOWMAN}"]))
    commit(log, "two", battles(range(20, 33)))
    commit(log, "three", models(["last"]))
    return log


def note_of(log: EventLog, key: Ed25519PrivateKey = KEY) -> str:
    return sign(log.checkpoint(ORIGIN).encode(), ORIGIN, key)


@pytest.fixture(scope="module")
def proofs(shared: EventLog) -> list[bytes]:
    note = note_of(shared)
    return [
        prove_event(shared, event_id, note, is_shown=is_shown)
        for event_id in ("battle-0", "battle-19", "m", 'quo"te\n', "battle-25", "last")
        for is_shown in (True, False)
    ]


def test_an_independent_verifier_agrees(shared: EventLog, proofs: list[bytes]) -> None:
    for proof in proofs:
        proven = verify_event_proof(proof, VERIFIER)
        event, position, recorded_at = audit(proof, str(VERIFIER))
        assert (event, position) == (proven.event, proven.position)
        assert recorded_at == proven.commit.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert shared.find_event(event["event_id"]) == position
        assert ("model_id" in event or "model_a" in event) == proven.is_shown


def test_every_event_of_a_segment_is_proven(shared: EventLog) -> None:
    note = note_of(shared)
    for number in range(20):
        event, position, _ = audit(prove_event(shared, f"battle-{number}", note), str(VERIFIER))
        assert (event["event_id"], position) == (f"battle-{number}", number + 1)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_of_a_proof_is_refused(proofs: list[bytes], data: st.DataObject) -> None:
    proof = data.draw(st.sampled_from(proofs))
    at = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.integers(1, 255))
    with pytest.raises(DemoscopeError):
        verify_event_proof(proof[:at] + bytes([proof[at] ^ other]) + proof[at + 1 :], VERIFIER)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_proof_cut_or_lengthened_is_refused(proofs: list[bytes], data: st.DataObject) -> None:
    proof = data.draw(st.sampled_from(proofs))
    at = data.draw(st.integers(0, len(proof) - 1))
    more = data.draw(st.binary(min_size=1, max_size=5))
    for changed in (proof[:at], proof + more, proof[:at] + more + proof[at:]):
        with pytest.raises(DemoscopeError):
            verify_event_proof(changed, VERIFIER)


PLACES = ("event", "salt", "row", "segment", "commit", "checkpoint", "version", "commitment")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), place=st.sampled_from(PLACES), value=JSON)
def test_any_changed_field_is_refused(
    proofs: list[bytes], data: st.DataObject, place: str, value: Any
) -> None:
    fields = json.loads(data.draw(st.sampled_from(proofs)))
    target, key = fields, place
    while isinstance(target.get(key), dict) and data.draw(st.booleans()):
        target = target[key]
        key = data.draw(st.sampled_from(sorted(target)))
    if target.get(key) == value and type(target.get(key)) is type(value):
        return
    target[key] = value
    try:
        content = rfc8785.dumps(fields) + b"\n"
    except rfc8785.CanonicalizationError:
        content = json.dumps(fields).encode() + b"\n"
    if content in proofs:
        return  # 1.0 for 1
    with pytest.raises(DemoscopeError):
        verify_event_proof(content, VERIFIER)


@given(content=st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_proof_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        verify_event_proof(content, VERIFIER)


def test_parts_of_two_proofs_do_not_make_one(proofs: list[bytes]) -> None:
    """Every part is genuine; together they say what never happened."""
    first, other = (json.loads(proof) for proof in proofs[:3:2])
    for place in ("event", "salt", "row"):
        with pytest.raises(IntegrityError, match="not in the segment"):
            verify_event_proof(rfc8785.dumps(first | {place: other[place]}) + b"\n", VERIFIER)


def test_the_key_of_another_log_is_refused(shared: EventLog, proofs: list[bytes]) -> None:
    stranger = Ed25519PrivateKey.generate()
    with pytest.raises(IntegrityError, match="not signed by"):
        verify_event_proof(proofs[0], verifier_of(ORIGIN, stranger))
    forged = prove_event(shared, "m", note_of(shared, stranger))
    with pytest.raises(IntegrityError, match="not signed by"):
        verify_event_proof(forged, VERIFIER)
    renamed = sign(shared.checkpoint("other/log").encode(), ORIGIN, KEY)
    with pytest.raises(IntegrityError, match="checkpoint is of other/log"):
        verify_event_proof(prove_event(shared, "m", renamed), VERIFIER)


def test_an_earlier_checkpoint_proves_what_it_covers(log: EventLog) -> None:
    commit(log, "one", battles(range(3)))
    held = note_of(log)
    commit(log, "two", battles(range(3, 5)))
    assert verify_event_proof(prove_event(log, "battle-2", held), VERIFIER).position == 3
    with pytest.raises(NotFoundError, match="no commit 2 among 1"):
        prove_event(log, "battle-3", held)
    with pytest.raises(NotFoundError, match="battle-9"):
        prove_event(log, "battle-9", held)


def test_a_checkpoint_of_another_history_proves_nothing(log: EventLog, tmp_path: Path) -> None:
    commit(log, "one", battles(range(3)))
    other = EventLog.open(tmp_path / "other" / "log")
    commit(other, "one", battles(range(3)))
    with pytest.raises(IntegrityError, match="does not lead"):
        prove_event(log, "battle-0", note_of(other))


def test_a_commit_is_proved_with_the_checkpoint_alone(log: EventLog) -> None:
    for number in range(5):
        commit(log, f"batch-{number}", battles([number]))
    held = log.checkpoint("x")
    for seq in range(1, 6):
        proof = json.loads(json.dumps(prove_commit(log, seq, 5)))
        assert verify_commit_proof(proof, held).batch_id == f"batch-{seq - 1}"
        for changed in (
            {**proof, "index": proof["index"] ^ 1},
            {**proof, "index": float(proof["index"])},
            {**proof, "size": 6},
            {**proof, "version": 2},
            {**proof, "path": proof["path"][:-1]},
            {**proof, "path": "AAAA"},
            {**proof, "commit": proof["commit"].replace("batch", "hctab")},
            {**proof, "commit": None},
            {},
        ):
            with pytest.raises(DemoscopeError):
                verify_commit_proof(changed, held)
        with pytest.raises(IntegrityError):
            verify_commit_proof(proof, replace(held, root=bytes(32)))
    with pytest.raises(NotFoundError):
        prove_commit(log, 6, 5)
    with pytest.raises(NotFoundError):
        prove_commit(log, 1, 9)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, again = signing_key(tmp_path / "vault"), signing_key(tmp_path / "vault")
    assert first.private_bytes_raw() == again.private_bytes_raw()
    path = tmp_path / "vault" / KEY_FILE
    assert [file.name for file in path.parent.iterdir()] == [KEY_FILE]
    assert path.stat().st_mode & 0o777 == 0o600
    published = tmp_path / "log-public.pub"
    for _ in range(2):
        publish(published, verifier_of(ORIGIN, first))
        assert read_public_key(published) == verifier_of(ORIGIN, first)
    path.write_bytes(b"not a key")
    with pytest.raises(UsageError, match="not a signing key"):
        signing_key(tmp_path / "vault")
    with pytest.raises(UsageError, match="cannot be read"):
        read_public_key(tmp_path / "nothing")
