"""Envelopes as DSSE's specification and OpenSSL have them."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingestion.errors import IntegrityError, UsageError
from publishing.boards.statement import (
    KEY_FILE,
    KEY_VARIABLE,
    Signer,
    configured,
    key_id,
    open_envelope,
    pre_authentication_encoding,
    public_key,
)


def openssl(*arguments: str | Path) -> bytes:
    try:
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    return done.stdout


def test_the_encoding_is_that_of_the_specifications_example() -> None:
    # dsse/protocol.md, "Test vectors".
    encoded = pre_authentication_encoding(b"hello world", "http://example.com/HelloWorld")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_openssl_verifies_what_was_signed_with_a_key_it_made(tmp_path: Path) -> None:
    private, public = tmp_path / KEY_FILE, tmp_path / "public.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    signer = configured(tmp_path)
    assert signer is not None
    payload = '{"naïve": true}\n'.encode()
    envelope = json.loads(signer.envelope(payload))
    [signature] = envelope["signatures"]
    kind = envelope["payloadType"].encode()
    message = b" ".join(
        [b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload]
    )
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(base64.b64decode(signature["sig"]))
    said = openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin",
                   "-in", tmp_path / "message", "-sigfile", tmp_path / "signature")  # fmt: skip
    assert b"Verified Successfully" in said
    der = openssl("pkey", "-in", private, "-pubout", "-outform", "DER")
    (tmp_path / "der").write_bytes(der)
    digest = openssl("dgst", "-sha256", "-r", tmp_path / "der").split()[0].decode()
    assert signature["keyid"] == digest == key_id(public_key(public))


def test_only_a_trusted_key_vouches(signer: Signer) -> None:
    other = Signer(Ed25519PrivateKey.generate())
    envelope = signer.envelope(b"{}")
    name = key_id(signer.public)
    opened = open_envelope(envelope, [other.public, signer.public])
    assert (opened.payload, opened.verified, opened.broken) == (b"{}", (name,), ())
    opened = open_envelope(envelope, [other.public])
    assert (opened.key_ids, opened.verified, opened.broken) == ((name,), (), ())


@pytest.mark.parametrize("field", ["payload", "sig"])
def test_a_changed_envelope_does_not_hold(signer: Signer, field: str) -> None:
    document = json.loads(signer.envelope(b'{"a": 1}'))
    holder = document if field == "payload" else document["signatures"][0]
    changed = bytearray(base64.b64decode(holder[field]))
    changed[3] ^= 1
    holder[field] = base64.b64encode(changed).decode()
    opened = open_envelope(json.dumps(document).encode(), [signer.public])
    assert (opened.verified, opened.broken) == ((), (key_id(signer.public),))


@pytest.mark.parametrize(
    "envelope", [b"", b"[]", b"{}", b'{"payload": "!", "payloadType": "x", "signatures": []}',
                 b'{"payload": "", "payloadType": "x", "signatures": []}'],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(envelope: bytes) -> None:
    with pytest.raises(IntegrityError):
        open_envelope(envelope, [])


def test_a_key_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(tmp_path) is None
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "absent.pem"))
    with pytest.raises(UsageError, match=r"absent\.pem"):
        configured(tmp_path)
    other = generate_private_key(SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "absent.pem").write_bytes(pem)
    with pytest.raises(UsageError, match="another kind"):
        configured(tmp_path)
