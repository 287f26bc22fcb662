"""The key that signs checkpoints: an Ed25519 key in PEM (PKCS #8), made on first use in the vault.

What stays out: what is signed (checkpoint.py), how (note.py).
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ingestion.errors import UsageError
from ingestion.log.durable import explained, fsync_directory, is_linked
from ingestion.log.note import Verifier

KEY_FILE = "checkpoint.key"


def signing_key(vault: Path) -> Ed25519PrivateKey:
    """The vault's key; of two first users one makes it and both use it.

    Raises:
        UsageError: the file is there but is no Ed25519 key.
        StorageError: the vault cannot be written.
    """
    path = vault / KEY_FILE
    if not path.exists():
        _create(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is not a signing key: {error}."
        raise UsageError(message, remedy="Restore the vault from its backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path} is a key of another kind than Ed25519."
        raise UsageError(message, remedy="openssl genpkey -algorithm ed25519 makes one.")
    return key


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
            temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            temporary.write_text(content, encoding="utf-8")
            temporary.replace(path)


def _create(path: Path) -> None:
    content = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with explained("Writing", path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f"{KEY_FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        is_linked(temporary, path)
        temporary.unlink()
        fsync_directory(path.parent)
