"""Cosignatures: witnesses say when they saw a checkpoint, and that it continues the last one.

A cosignature (c2sp.org/tlog-cosignature) is a line under a signed note: the key's id, the time in
seconds since 1970 (8 bytes, big-endian), and an Ed25519 signature of

    cosignature/v1
    time <seconds>
    <the note's text>

A policy says how many of which witnesses must have signed: a file of lines `witness <key>` and one
`quorum <number>`; blank lines and `#` comments are left out. The signed message does not have the
witness's name, so one key under two names would count twice: names and keys are unique.
"""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ingestion.errors import IntegrityError, UsageError
from ingestion.log.checkpoint import (
    DASH,
    KEY_ID_BYTES,
    Verifier,
    base64_of,
    is_name,
    verifier_of,
)

COSIGNATURE = b"\x04"
TIME_BYTES = 8
SIGNATURE_BYTES = 64
EARLIEST_SECONDS = 1_577_836_800
"""2020-01-01: a clock that was reset says less."""
AHEAD_SECONDS = 86_400
"""How far a witness's clock may be ahead of ours."""
LATEST_SECONDS = 1 << 40
_QUORUM = re.compile(r"[0-9]{1,4}")


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
    content = witness_key(name, key).key_id + seconds.to_bytes(TIME_BYTES, "big")
    return f"{DASH}{name} {base64_of(content + key.sign(_message(text, seconds)))}\n"


@dataclass(frozen=True)
class Cosignature:
    """What a witness's line says.

    Args:
        name: of the witness.
        key_id: of its key.
        seconds: since 1970, when it signed.
        signature: of Ed25519.
    """

    name: str
    key_id: bytes
    seconds: int
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Cosignature:
        """Read a line, without its newline.

        Raises:
            ValueError: it is no line of a cosignature.
        """
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        content = base64.b64decode(encoded, validate=True)
        is_whole = len(content) == KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES
        if not is_whole or not is_name(name) or line != f"{DASH}{name} {base64_of(content)}":
            raise ValueError(line)
        key_id, rest = content[:KEY_ID_BYTES], content[KEY_ID_BYTES:]
        seconds = int.from_bytes(rest[:TIME_BYTES], "big")
        return cls(name, key_id, seconds, rest[TIME_BYTES:])

    def is_of(self, witness: Verifier) -> bool:
        """Whether it claims to be of a witness."""
        return (self.name, self.key_id) == (witness.name, witness.key_id)

    def require_time(self) -> None:
        """Refuse a time that no witness can have signed at.

        Raises:
            IntegrityError: it is before 2020, or more than a day ahead of this machine's clock.
        """
        latest = min(time.time() + AHEAD_SECONDS, LATEST_SECONDS - 1)
        if not EARLIEST_SECONDS <= self.seconds <= latest:
            message = (
                f"{self.name} says that it signed {self.seconds} seconds after 1970. That is before"
                " 2020, or more than a day ahead of this machine's clock."
            )
            raise IntegrityError(message, remedy="Check both clocks, and ask for a new signature.")

    def require_signed(self, text: str, witness: Verifier) -> None:
        """Check it.

        Args:
            text: of the note, ending in a newline.
            witness: whose it claims to be.

        Raises:
            IntegrityError: it does not hold, or its time cannot be.
        """
        try:
            key = Ed25519PublicKey.from_public_bytes(witness.key)
            key.verify(self.signature, _message(text, self.seconds))
        except InvalidSignature as error:
            message = f"The cosignature of {self.name} does not hold: the note was changed."
            raise IntegrityError(message) from error
        self.require_time()


def cosigned_at(note: str, witness: Verifier) -> int | None:
    """When a witness signed a note, in seconds since 1970; None if it did not.

    Raises:
        IntegrityError: its signature does not hold, or its time cannot be.
    """
    text, _, lines = note.rpartition("\n\n")
    for line in lines.split("\n"):
        try:
            found = Cosignature.parse(line)
        except ValueError:
            continue  # a signature of another kind, such as the log's own
        if found.is_of(witness):
            found.require_signed(text + "\n", witness)
            return found.seconds
    return None


def signers(note: str) -> set[tuple[str, bytes]]:
    """Names and key ids under a note, of signatures of any kind."""
    lines = note.rpartition("\n\n")[2].removesuffix("\n").split("\n")
    parts = (line.removeprefix(DASH).partition(" ") for line in lines)
    return {(name, base64.b64decode(encoded)[:KEY_ID_BYTES]) for name, _, encoded in parts}


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


@dataclass(frozen=True)
class Policy:
    """How many of which witnesses must have signed a checkpoint."""

    witnesses: tuple[Verifier, ...]
    quorum: int

    @classmethod
    def read(cls, path: Path, log: Verifier | None = None) -> Policy:
        """Read a policy file.

        Args:
            path: the file.
            log: the key of the log, which is no witness of itself.

        Raises:
            UsageError: it says nothing, counts one witness twice, or asks for what nobody can meet;
                file, line and value are named.
        """
        witnesses: dict[int, Verifier] = {}
        quorums: dict[int, int] = {}
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path} cannot be read: {error}.", remedy="It is a text file, in UTF-8."
            ) from error
        for number, line in enumerate(lines, 1):
            where = f"{path}, line {number}"
            match line.partition("#")[0].split():
                case []:
                    pass
                case ["witness", key]:
                    witnesses[number] = _witness(where, key, witnesses, log)
                case ["quorum", count] if _QUORUM.fullmatch(count) and not quorums:
                    quorums[number] = int(count)
                case ["quorum", count] if _QUORUM.fullmatch(count):
                    message = f"{where}: 'quorum {count}' is a second quorum."
                    raise UsageError(message, remedy="A policy has one: delete the other line.")
                case _:
                    message = f"{where}: {line[:80]!r} is no line of a policy."
                    raise UsageError(message, remedy="`witness <key>`, or `quorum 2`.")
        if not quorums:
            message = f"{path} says no quorum."
            raise UsageError(message, remedy="Add a line: `quorum 1`, or more.")
        ((number, quorum),) = quorums.items()
        if not 1 <= quorum <= len(witnesses):
            message = f"{path}, line {number}: a quorum of {quorum} cannot be met by"
            message += f" {len(witnesses)} witness{'es' * (len(witnesses) != 1)}."
            raise UsageError(message, remedy="Give `quorum` a number from 1 to that of witnesses.")
        return cls(tuple(witnesses.values()), quorum)

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


def _witness(where: str, text: str, before: dict[int, Verifier], log: Verifier | None) -> Verifier:
    """The key in a line of a policy.

    Args:
        where: file and line.
        text: the key.
        before: what the policy names above it, by line.
        log: the key of the log.
    """
    try:
        witness = Verifier.parse(text, COSIGNATURE)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", remedy=error.remedy) from error
    for number, other in before.items():
        if other.name == witness.name:
            message = f"{where}: {witness.name} is named twice, first in line {number}."
            raise UsageError(message, remedy="Each counts once: delete one of the two lines.")
        if other.key == witness.key:
            message = f"{where}: {witness.name} has the key of {other.name} in line {number}."
            raise UsageError(message, remedy="Each counts once: delete one of the two lines.")
    if log is not None and log.key == witness.key:
        message = f"{where}: {witness.name} has the log's own key."
        remedy = "A log is no witness of itself: delete the line, and name others."
        raise UsageError(message, remedy=remedy)
    return witness
