"""`sources.toml`: whose signature a source's files need, and which events they may have.

[sources.acme]
public_key = "RWQ..."                                  # the second line of minisign.pub
events = ["battle_judged", "participant_enrolled"]     # all but the operator's unless given
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import UsageError
from ingestion.sources.mapping import check_source
from ingestion.sources.minisign import PublicKey
from ingestion.vocabulary import EventType

KNOWN = {"public_key", "events"}


@dataclass(frozen=True)
class Provider:
    """Who may speak for a source.

    Args:
        key: the only one whose signature counts.
        events: the types its files may have; None: as those of any file.
    """

    key: PublicKey
    events: frozenset[str] | None


def read_providers(path: Path) -> dict[str, Provider]:
    """The providers by source; none where there is no such file.

    Raises:
        UsageError: it breaks the format.
    """
    if not path.exists():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}.", remedy="Correct it.") from error
    sources = said.pop("sources", {})
    if said or not isinstance(sources, dict):
        raise _fault(path, f"unknown key {next(iter(said), 'sources')!r}")
    return {name: _provider(path, name, one) for name, one in sources.items()}


def _provider(path: Path, name: str, said: Any) -> Provider:
    check_source(name)
    if not isinstance(said, dict) or not isinstance(said.get("public_key"), str):
        raise _fault(path, f"source {name!r} has no public_key")
    if unknown := sorted(said.keys() - KNOWN):
        raise _fault(path, f"source {name!r} has an unknown key {unknown[0]!r}")
    events = said.get("events")
    if events is not None and not isinstance(events, list):
        raise _fault(path, f"events of source {name!r} is not a list")
    for one in events or ():
        if one not in set(EventType):
            raise _fault(path, f"source {name!r}: there is no event type {one!r}")
    try:
        key = PublicKey.parse(said["public_key"])
    except UsageError as error:
        raise _fault(path, f"source {name!r}: {error.message}") from error
    return Provider(key, None if events is None else frozenset(events))


def _fault(path: Path, what: str) -> UsageError:
    return UsageError(f"{path}: {what}.", remedy="docs/loading.md shows the format.")
