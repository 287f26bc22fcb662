"""Detached signatures as minisign writes them: `FILE.minisig` beside FILE.

Four lines: an untrusted comment; base64 of `ED`, the key's id (8 bytes) and an Ed25519 signature of
the file's BLAKE2b-512; a trusted comment; base64 of a signature of the first one and that comment.
A public key is base64 of `Ed`, the id and 32 bytes. Signatures of the old kind, `Ed`, which hash
nothing, are refused: they would need the whole file in memory.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ingestion.errors import IntegrityError, UsageError

SUFFIX = ".minisig"
_KEY, _HASHED, _OLD = b"Ed", b"ED", b"Ed"
_ID_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 8, 32, 64
_TRUSTED = "trusted comment: "
_LINES = 4
_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class PublicKey:
    """A provider's key: its id and its bytes."""

    id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read the second line of a `minisign.pub`.

        Raises:
            UsageError: it is no such key.
        """
        content = _decoded(text.strip())
        if len(content) != len(_KEY) + _ID_BYTES + _KEY_BYTES or not content.startswith(_KEY):
            message = f"{text[:80]!r} is not a minisign public key."
            raise UsageError(message, remedy="It begins with RWQ: minisign -G makes one.")
        content = content.removeprefix(_KEY)
        return cls(content[:_ID_BYTES], content[_ID_BYTES:])

    def verify(self, file: Path, signature: Path) -> None:
        """Check that this key has signed a file.

        Raises:
            IntegrityError: it has not, or the signature does not hold.
        """
        where = f"{signature}, the signature of {file},"
        with signature.open("rb") as raw:
            lines = raw.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
        if len(lines) != _LINES or not lines[2].startswith(_TRUSTED):
            raise IntegrityError(f"{where} is not a minisign signature.", remedy="Sign it again.")
        said, whole = _decoded(lines[1]), _decoded(lines[3])
        kind, key_id, signed = said[:2], said[2 : 2 + _ID_BYTES], said[2 + _ID_BYTES :]
        if kind == _OLD:
            message = f"{where} is of minisign's old kind."
            raise IntegrityError(message, remedy="Sign it again, without -l.")
        if kind != _HASHED or len(signed) != _SIGNATURE_BYTES or key_id != self.id:
            message = f"{where} is by another key than the provider's."
            raise IntegrityError(message, remedy="Ask the provider for the file as they signed it.")
        key = Ed25519PublicKey.from_public_bytes(self.key)
        with file.open("rb", buffering=0) as raw:
            digest = hashlib.file_digest(raw, hashlib.blake2b).digest()
        try:
            key.verify(signed, digest)
            key.verify(whole, signed + lines[2].removeprefix(_TRUSTED).encode())
        except InvalidSignature as error:
            message = f"{where} does not hold: one of the two was changed."
            remedy = "Ask the provider for the file as they signed it."
            raise IntegrityError(message, remedy=remedy) from error


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
