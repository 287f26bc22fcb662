"""Checkpoints: the size and root of the tree over the commits, signed.

A checkpoint (c2sp.org/tlog-checkpoint) is a signed note (c2sp.org/signed-note): a text and Ed25519
signatures below it. Leaf number n of the tree (from 0) is, byte for byte, the file of commit n + 1.
A checkpoint kept elsewhere shows what the log alone cannot: that its tail was cut off, that an old
backup was put back, or that another history was put in its place.

The signing key is a PEM file (PKCS #8) that is made on first use in the vault.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.log.chain import Chain
from ingestion.log.durable import create_secret, explained, replace_text
from ingestion.log.merkle import Tree, leaf_hash
from ingestion.paths import make_public

HASH_BYTES = 32
KEY_FILE = "checkpoint.key"
ORIGIN = "demoscope/log/"
"""What a log is called in its checkpoints: this, and its own name."""
_ED25519 = b"\x01"
KEY_ID_BYTES = 4
_MOST_NOTE_BYTES = 1 << 20
_SIZES = 1 << 63
DASH = "\N{EM DASH} "


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims to be.

    Args:
        origin: which log; one line.
        size: number of commits.
        root: root hash of the tree over them.
    """

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{base64_of(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; lines beyond the third are extensions, and ignored.

        Raises:
            IntegrityError: it is not a checkpoint.
        """
        lines = text.split("\n")
        try:
            origin, size, root = lines[:3]
            checkpoint = cls(origin, int(size), base64.b64decode(root, validate=True))
        except ValueError:
            checkpoint = cls("", 0, b"")
        is_whole = (
            bool(checkpoint.origin)
            and 0 <= checkpoint.size < _SIZES
            and len(checkpoint.root) == HASH_BYTES
            and text.startswith(checkpoint.encode())
            and text.endswith("\n")
            and all(lines[3:-1])
        )
        if not is_whole:
            raise IntegrityError(f"This is not a checkpoint: {text[:80]!r}.")
        return checkpoint


@dataclass(frozen=True)
class Verifier:
    """A public key and the name it signs under.

    Args:
        name: no blanks and no plus signs.
        key: of Ed25519, 32 bytes.
        algorithm: what is signed: a note, or a cosignature (cosignature.py).
    """

    name: str
    key: bytes
    algorithm: bytes = _ED25519

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, algorithm, key)."""
        text = self.name.encode() + b"\n" + self.algorithm + self.key
        return hashlib.sha256(text).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str, algorithm: bytes = _ED25519) -> Verifier:
        """Read `<name>+<key id>+<base64 of algorithm and key>`.

        Raises:
            UsageError: it is not such a key, or of another algorithm.
        """
        text = text.strip()
        try:
            name, _, encoded = text.split("+", 2)
            key = base64.b64decode(encoded, validate=True)[len(algorithm) :]
            Ed25519PublicKey.from_public_bytes(key)
        except ValueError:
            name, key = "", b""
        verifier = cls(name, key, algorithm)
        if str(verifier) != text or not is_name(verifier.name):
            whose = "an Ed25519 verifier key" if algorithm == _ED25519 else "the key of a witness"
            message = f"{text!r} is not {whose}."
            raise UsageError(message, remedy="It looks like name+1a2b3c4d+base64.")
        return verifier

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64_of(self.algorithm + self.key)}"


def is_name(name: str) -> bool:
    """Whether a key can be called so: visible characters, no blank and no plus sign."""
    return bool(name) and name.isprintable() and " " not in name and "+" not in name


def verifier_of(name: str, key: Ed25519PrivateKey, algorithm: bytes = _ED25519) -> Verifier:
    """The public half of a key.

    Raises:
        UsageError: a key cannot be called so.
    """
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot name a key.", remedy="No spaces, no plus signs, nothing invisible."
        )
    return Verifier(name, key.public_key().public_bytes_raw(), algorithm)


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The text with one signature under it.

    Args:
        text: one or more lines; ends in a newline.
        name: of the key.
        key: the private key.
    """
    signature = verifier_of(name, key).key_id + key.sign(text.encode())
    return f"{text}\n{DASH}{name} {base64_of(signature)}\n"


def open_note(note: bytes, *trusted: Verifier) -> str:
    """The text of a note that at least one of the trusted keys has signed.

    Signatures by other keys are ignored, as the specification says; a bad one by a trusted key is
    not.

    Raises:
        IntegrityError: it is no note, a trusted key's signature is bad, or none has signed.
    """
    try:
        whole = note.decode() if len(note) <= _MOST_NOTE_BYTES else ""
    except UnicodeDecodeError:
        whole = ""
    text, blank, signatures = whole.rpartition("\n\n")
    text += "\n"
    if not blank or not signatures.endswith("\n") or any(c < " " and c != "\n" for c in whole):
        raise IntegrityError("This is not a signed note.")
    verified = [_is_signed(line, text, trusted) for line in signatures[:-1].split("\n")]
    if not any(verified):
        names = ", ".join(verifier.name for verifier in trusted)
        message = f"The note is not signed by {names or 'any trusted key'}."
        raise IntegrityError(message, remedy="Check which key you trust.")
    return text


def _is_signed(line: str, text: str, trusted: tuple[Verifier, ...]) -> bool:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        content = b""
    key_id, signature = content[:KEY_ID_BYTES], content[KEY_ID_BYTES:]
    if not signature or not is_name(name) or line != f"{DASH}{name} {base64_of(content)}":
        raise IntegrityError(f"The note has a malformed signature: {line[:80]!r}.")
    for verifier in trusted:
        if (verifier.name, verifier.key_id) == (name, key_id):
            try:
                Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature, text.encode())
            except InvalidSignature as error:
                message = f"The signature of {name} does not hold: the note was changed."
                raise IntegrityError(message) from error
            return True
    return False


def signing_key(vault: Path) -> Ed25519PrivateKey:
    """The vault's key; of two first users one makes it and both use it.

    Raises:
        UsageError: the file is there but is no Ed25519 key.
        StorageError: the vault cannot be written.
    """
    path = vault / KEY_FILE
    if not path.exists():
        content = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        with explained("Writing", path):
            create_secret(path, content)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is not a signing key: {error}."
        raise UsageError(message, remedy="Restore the vault from its backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path} is a key of another kind than Ed25519."
        raise UsageError(message, remedy="openssl genpkey -algorithm ed25519 makes one.")
    return key


def require_own_key(vault: Path, said: Verifier, path: Path) -> None:
    """Refuse to sign with another key than the published one: nobody could tell the log by it.

    Args:
        vault: where the key is.
        said: the published key.
        path: its file.

    Raises:
        IntegrityError: the vault has no key, or another one.
    """
    key = vault / KEY_FILE
    lost = (
        "Restore it from a backup that was made after the first checkpoint: demoscope vault"
        f" restore FILE --replace. If there is none, move {path} away, hand out the new public key"
        " that the next demoscope log checkpoint makes, and say that the old one is lost."
    )
    if not key.exists():
        raise IntegrityError(f"{key}, which {path} is the public key of, is missing.", remedy=lost)
    if verifier_of(said.name, signing_key(vault)).key != said.key:
        raise IntegrityError(f"{path} is the public key of another than {key}.", remedy=lost)


def read_public_key(path: Path) -> Verifier:
    """A public key from the file that `demoscope log checkpoint` writes.

    Raises:
        UsageError: it is no such file.
    """
    try:
        return Verifier.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise UsageError(message, remedy="`demoscope log checkpoint` writes one.") from error


def publish(path: Path, verifier: Verifier) -> None:
    """Write a public key where people look for it, unless it is there."""
    content = f"{verifier}\n"
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        with explained("Writing", path):
            replace_text(path, content)
            make_public(path)


def commit_tree(chain: Chain, size: int) -> Tree:
    """The tree over commits 1 to `size`, from their files.

    Raises:
        NotFoundError: the log is shorter.
    """
    if size > chain.head_seq:
        raise NotFoundError(f"The log has {chain.head_seq} commits, not {size}.")
    files = (chain.layout.commit(seq) for seq in range(1, size + 1))
    return Tree([leaf_hash(path.read_bytes()) for path in files])


def base64_of(content: bytes) -> str:
    """In base64, as text."""
    return base64.b64encode(content).decode()
