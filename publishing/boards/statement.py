"""What vouches for a release: an in-toto Statement v1 about `board.json`, and its signature.

The predicate (`board/v1`) has `board`, the release's subject (inputs.py); `log`, which log it was
(`origin`), up to which commit (`position`), that commit's SHA-256 and the RFC 6962 root over the
commits so far; `made_by`, the code (version, SHA-256 over its files), dbt's variables, the lock of
its dependencies and the versions installed, Python and platform; `made_at`; `tables`, where the
release was built at the log's head, a digest of each table of that build that is published;
`about`, what the study discloses of itself (aapor.py); `weighting_labels`, what people read in
place of a weighting, by country, as a scheme claims no question that nobody answered. Only `board`
is part of the release's id.

It is plain JSON, as in-toto-attestation would bring protobuf into every build; that is the tests'
oracle. Signatures are DSSE envelopes (secure-systems-lab/dsse 1.0) with Ed25519. A key is a PEM
file (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it: the file DEMOSCOPE_SIGNING_KEY
names, else `vault/board-signing.key`. Without one, releases are not signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, UsageError
from ingestion.json_object import parse_object
from publishing.boards.program import code_hash, dbt_variables, installed, lock_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

    from ingestion.log import EventLog

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "tag:demoscope,2026:board/v1"
TABLES, ABOUT, VARIABLES = "tables", "about", "dbt_variables"
CLAIMED = "weighting_labels"
KEY_VARIABLE = "DEMOSCOPE_SIGNING_KEY"
KEY_FILE = "board-signing.key"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def statement(release_id: str, subject: dict[str, Any], provenance: dict[str, Any]) -> bytes:
    """The statement, as JSON a person can read."""
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "board.json", "digest": {"sha256": release_id}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"board": subject, **provenance},
    }
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def provenance(log: EventLog, position: int) -> dict[str, Any]:
    """What a release is made from (the log up to a position) and by, here and now."""
    from publishing.boards.inputs import head_hash

    checkpoint = log.checkpoint(size=position)
    return {
        "log": {
            "origin": checkpoint.origin,
            "position": position,
            "head_sha256": head_hash(log, position),
            "root_sha256": checkpoint.root.hex(),
        },
        "made_by": {
            "code_version": version("demoscope"),
            "code_sha256": code_hash(),
            VARIABLES: dbt_variables(),
            "dependency_lock_sha256": lock_hash(),
            "dependencies": installed(),
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def pre_authentication_encoding(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What is signed (PAE): `DSSEv1`, then length and text of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True)
class Signer:
    """A private key."""

    key: Ed25519PrivateKey

    def has_signed(self, payload: bytes, envelope: Path) -> bool:
        """Whether a file is an envelope of this payload with a signature of this key that holds."""
        try:
            opened = open_envelope(envelope.read_bytes(), [self.public])
        except (OSError, IntegrityError):
            return False
        return opened.payload == payload and bool(opened.verified)

    @property
    def public(self) -> Ed25519PublicKey:
        """The public half."""
        return self.key.public_key()

    def envelope(self, payload: bytes) -> bytes:
        """The payload in an envelope with one signature, as JSON."""
        signature = base64.b64encode(self.key.sign(pre_authentication_encoding(payload))).decode()
        document = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key_id(self.public), "sig": signature}],
        }
        return json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"


@dataclass(frozen=True)
class Opened:
    """What an envelope holds, and which of the trusted keys signed it.

    Args:
        payload: the bytes it vouches for.
        key_ids: the keys it says it is signed by.
        verified: those of them that are trusted and whose signature holds.
        broken: those of them that are trusted and whose signature does not hold.
    """

    payload: bytes
    key_ids: tuple[str, ...]
    verified: tuple[str, ...]
    broken: tuple[str, ...]


def configured(vault: Path) -> Signer | None:
    """The key releases are signed with; None where none is configured.

    Raises:
        UsageError: the file is not there though it is named, or is not an Ed25519 key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    named = os.environ.get(KEY_VARIABLE)
    path = Path(named) if named else vault / KEY_FILE
    if not named and not path.exists():
        return None
    remedy = "An Ed25519 key in PEM: openssl genpkey -algorithm ed25519 -out FILE"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path} is not a signing key: {error}.", remedy=remedy) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} is a key of another kind than Ed25519.", remedy=remedy)
    return Signer(key)


def public_key(path: Path) -> Ed25519PublicKey:
    """A public key from its PEM file.

    Raises:
        UsageError: the file is not there or holds no Ed25519 public key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    remedy = "openssl pkey -in PRIVATE -pubout -out FILE writes one."
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a public key: {error}.", remedy=remedy) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is a key of another kind than Ed25519.", remedy=remedy)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 (hex) of the key's SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def open_envelope(envelope: bytes, trusted: Sequence[Ed25519PublicKey]) -> Opened:
    """Read an envelope and check the signatures of trusted keys.

    Raises:
        IntegrityError: it is no envelope, or holds something else than a statement.
    """
    try:
        document = parse_object(envelope)
        payload = base64.b64decode(document["payload"], validate=True)
        signatures = {
            str(one["keyid"]): base64.b64decode(one["sig"], validate=True)
            for one in document["signatures"]
        }
        kind = document["payloadType"]
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError("The signature file is not a DSSE envelope.") from error
    if kind != PAYLOAD_TYPE:
        raise IntegrityError(f"The envelope holds {kind!r}, not a statement.")
    message = pre_authentication_encoding(payload)
    known = {key_id(key): key for key in trusted}
    holds = {
        name: _holds(known[name], signature, message)
        for name, signature in signatures.items()
        if name in known
    }
    verified = tuple(name for name, is_good in holds.items() if is_good)
    broken = tuple(name for name, is_good in holds.items() if not is_good)
    return Opened(payload, tuple(signatures), verified, broken)


def _holds(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
