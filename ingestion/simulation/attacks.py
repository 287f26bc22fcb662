"""Attacks that a simulated study can have planted, by name: `demoscope simulate --attack NAME`.

An attack adds events to a study and changes none of its own. It has its own streams of random
numbers, and says in `truth.json`, under `attack`, what it planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ingestion.errors import UsageError
from ingestion.simulation.operator_attacks import retirement, sampling
from ingestion.simulation.private_variants import private_variants
from ingestion.simulation.truth import Truth
from ingestion.simulation.vote_attacks import (
    at_random,
    favour,
    flood,
    retraction,
    script,
    sybils,
)


class Planted(NamedTuple):
    """What an attack adds to a study.

    Args:
        name: of the attack.
        events: native events in the order of time.
        document: what is true of it, for `truth.json`.
    """

    name: str
    events: list[dict[str, Any]]
    document: dict[str, Any]


Attack = Callable[[Truth, int | None], tuple[list[dict[str, Any]], dict[str, Any]]]
"""From a study's truth and a size (None: the attack's own) to events and what is true of them."""

ATTACKS: Mapping[str, Attack] = {
    "private-variants": private_variants,
    "favour": favour,
    "random": at_random,
    "sybils": sybils,
    "script": script,
    "flood": flood,
    "retraction": retraction,
    "retirement": retirement,
    "sampling": sampling,
}


def plant(name: str, truth: Truth, size: int | None = None) -> Planted:
    """The events of one attack.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in ATTACKS:
        message = f"There is no attack {name!r}."
        raise UsageError(message, remedy=f"There are: {', '.join(sorted(ATTACKS))}")
    return Planted(name, *ATTACKS[name](truth, size))
