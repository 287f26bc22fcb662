"""Whose signatures a command believes: the keys a person names, else the one that signs here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.paths import Home

KEYS = Annotated[
    list[Path] | None,
    typer.Option("--key", help="Public key (PEM) whose signature is checked.", show_default=False),
]


def trusted(home: Home, keys: list[Path] | None) -> list[Ed25519PublicKey]:
    """The keys a person names; else the one releases are signed with here."""
    from publishing.boards.statement import configured, public_key

    if keys:
        return [public_key(path) for path in keys]
    signer = configured(home.vault)
    return [] if signer is None else [signer.public]
