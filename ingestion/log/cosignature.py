"""Cosignatures: witnesses say when they saw a checkpoint, and that it continues the last one.

A cosignature (c2sp.org/tlog-cosignature) is a line under a signed note: the key's id, the time in
seconds since 1970 (8 bytes, big-endian), and an Ed25519 signature of

    cosignature/v1
    time <seconds>
    <the note's text>

A policy says how many of which witnesses must have signed: a file of lines `witness <key>` and one
`quorum <number>`; blank lines and `#` comments are left out.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import DASH, KEY_ID_BYTES, Verifier, base64_of, verifier_of

COSIGNATURE = b"\x04"
TIME_BYTES = 8


def witness_key(name: str, key: Ed25519PrivateKey) -> Verifier:
    """The public half of a witness's key.

    Raises:
        UsageError: a key cannot be called so.
    """
    return verifier_of(name, key, COSIGNATURE)


def cosign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """The line of a witness under a note.

    Args:
        text: the note's text, ending in a newline.
        name: of the witness.
        key: its private key.
        seconds: since 1970, when it saw the note.
    """
    witness, time = witness_key(name, key), seconds.to_bytes(TIME_BYTES, "big")
    signature = key.sign(_message(text, seconds))
    return f"{DASH}{name} {base64_of(witness.key_id + time + signature)}\n"


def cosigned_at(note: str, witness: Verifier) -> int | None:
    """When a witness signed a note, in seconds since 1970; None if it did not.

    Raises:
        IntegrityError: its signature does not hold.
    """
    text, _, lines = note.rpartition("\n\n")
    for line in lines.splitlines():
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        try:
            content = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        key_id, rest = content[:KEY_ID_BYTES], content[KEY_ID_BYTES:]
        if (name, key_id) != (witness.name, witness.key_id):
            continue
        seconds = int.from_bytes(rest[:TIME_BYTES], "big")
        try:
            key = Ed25519PublicKey.from_public_bytes(witness.key)
            key.verify(rest[TIME_BYTES:], _message(text + "\n", seconds))
        except InvalidSignature as error:
            message = f"The cosignature of {name} does not hold: the note was changed."
            raise IntegrityError(message) from error
        return seconds
    return None


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


@dataclass(frozen=True)
class Policy:
    """How many of which witnesses must have signed a checkpoint."""

    witnesses: tuple[Verifier, ...]
    quorum: int

    @classmethod
    def read(cls, path: Path) -> Policy:
        """Read a policy file.

        Raises:
            UsageError: it says nothing, or what nobody can meet; the line is named.
        """
        witnesses: list[Verifier] = []
        quorum = None
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}.") from error
        for number, line in enumerate(lines, 1):
            word, _, value = line.partition("#")[0].strip().partition(" ")
            if word == "witness":
                witnesses.append(Verifier.parse(value, COSIGNATURE))
            elif word == "quorum" and value.strip().isdecimal():
                quorum = int(value)
            elif word:
                message = f"{path}, line {number}: {line!r} is no line of a policy."
                raise UsageError(message, remedy="`witness <key>`, or `quorum 2`.")
        if len({(one.name, one.key) for one in witnesses}) < len(witnesses):
            raise UsageError(f"{path} names a witness twice.", remedy="Each counts once.")
        if quorum is None or not 1 <= quorum <= len(witnesses):
            message = f"{path}: a quorum of {quorum} cannot be met by {len(witnesses)} witnesses."
            raise UsageError(message, remedy="Give `quorum` a number from 1 to that of witnesses.")
        return cls(tuple(witnesses), quorum)

    def signed(self, note: str) -> dict[str, int]:
        """Who signed a note, and when, in seconds since 1970.

        Raises:
            IntegrityError: a signature does not hold, or too few signed.
        """
        times = {one.name: cosigned_at(note, one) for one in self.witnesses}
        found = {name: seconds for name, seconds in times.items() if seconds is not None}
        if len(found) < self.quorum:
            missing = ", ".join(name for name in times if name not in found)
            message = (
                f"{len(found)} of the {self.quorum} witnesses that the policy asks for signed the"
                f" checkpoint; not {missing}."
            )
            remedy = "demoscope log checkpoint --witness URL asks one."
            raise IntegrityError(message, remedy=remedy)
        return found
