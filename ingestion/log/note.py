"""Signed notes as C2SP defines them (c2sp.org/signed-note), with Ed25519: a text and who vouches.

What stays out: what the text says (checkpoint.py) and where keys are kept (the vault).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ingestion.errors import IntegrityError, UsageError

ED25519 = 1
KEY_ID_BYTES = 4
MOST_BYTES = 1 << 20
_DASH = "\N{EM DASH} "


@dataclass(frozen=True)
class Verifier:
    """A public key and the name it signs under."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, algorithm, key)."""
        text = self.name.encode() + b"\n" + bytes([ED25519]) + self.key
        return hashlib.sha256(text).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read `<name>+<key id>+<base64 of algorithm and key>`.

        Raises:
            UsageError: it is not such a key, or of another algorithm.
        """
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            content = base64.b64decode(encoded, validate=True)
            verifier = cls(name, content[1:])
            is_known = content[0] == ED25519 and verifier.key_id == bytes.fromhex(key_id)
            Ed25519PublicKey.from_public_bytes(verifier.key)
        except (ValueError, IndexError):
            is_known, verifier = False, cls("", b"")
        if not is_known or not is_name(verifier.name):
            message = f"{text.strip()!r} is not an Ed25519 verifier key."
            raise UsageError(message, remedy="It looks like name+1a2b3c4d+base64.")
        return verifier

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([ED25519]) + self.key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def is_name(name: str) -> bool:
    """Whether a key may be called so: not empty, no white space, no plus."""
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def verifier_of(name: str, key: Ed25519PrivateKey) -> Verifier:
    """The public half of a key."""
    if not is_name(name):
        message = f"{name!r} cannot name a key."
        raise UsageError(message, remedy="No spaces and no plus signs.")
    return Verifier(name, key.public_key().public_bytes_raw())


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The text with one signature under it.

    Args:
        text: one or more lines; ends in a newline.
        name: of the key.
        key: the private key.
    """
    if not text.endswith("\n"):
        message = "a note's text ends in a newline"
        raise ValueError(message)
    signature = verifier_of(name, key).key_id + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(signature).decode()}\n"


def open_note(note: bytes, *trusted: Verifier) -> str:
    """The text of a note that at least one of the trusted keys has signed.

    Signatures by other keys are ignored, as the specification says; a bad one by a trusted key is
    not.

    Raises:
        IntegrityError: it is no note, a trusted key's signature is bad, or none has signed.
    """
    try:
        whole = note.decode() if len(note) <= MOST_BYTES else ""
    except UnicodeDecodeError:
        whole = ""
    text, blank, signatures = whole.rpartition("\n\n")
    text += "\n"
    if not blank or not signatures.endswith("\n") or any(c < " " and c != "\n" for c in whole):
        message = "This is not a signed note."
        raise IntegrityError(message)
    verified = [_is_signed(line, text, trusted) for line in signatures[:-1].split("\n")]
    if not any(verified):
        names = ", ".join(verifier.name for verifier in trusted)
        message = f"The note is not signed by {names or 'any trusted key'}."
        raise IntegrityError(message, remedy="Check which key you trust.")
    return text


def _is_signed(line: str, text: str, trusted: tuple[Verifier, ...]) -> bool:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    is_canonical = base64.b64encode(content).decode() == encoded
    if (
        not line.startswith(_DASH)
        or not is_name(name)
        or len(content) <= KEY_ID_BYTES
        or not is_canonical
    ):
        message = f"The note has a malformed signature: {line[:80]!r}."
        raise IntegrityError(message)
    for verifier in trusted:
        if (verifier.name, verifier.key_id) == (name, content[:KEY_ID_BYTES]):
            public = Ed25519PublicKey.from_public_bytes(verifier.key)
            try:
                public.verify(content[KEY_ID_BYTES:], text.encode())
            except InvalidSignature as error:
                message = f"The signature of {name} does not hold: the note was changed."
                raise IntegrityError(message) from error
            return True
    return False
