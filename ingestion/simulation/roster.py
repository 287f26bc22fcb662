"""The models of the simulated study. Makers and models are invented; none is meant to be anyone's.

What stays out: how good they are (truth.py).
"""

from __future__ import annotations

from dataclasses import dataclass

PROPRIETARY = "proprietary"
OPEN = "Apache-2.0"


@dataclass(frozen=True)
class Model:
    """One model as it is registered."""

    model_id: str
    display_name: str
    provider: str
    licence: str


_MAKERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Northlight Foundry", PROPRIETARY, ("Aurora 2 Large", "Aurora 2 Small")),
    ("Lanternfish Labs", PROPRIETARY, ("Lantern XL", "Lantern M", "Lantern S")),
    ("Quillfeather", PROPRIETARY, ("Quill 9 Pro", "Quill 9", "Quill 8")),
    ("Mossgate Institute", OPEN, ("Moss 120B", "Moss 30B", "Moss 7B")),
    ("Ostrich & Daughters", PROPRIETARY, ("Ostrich 3 Thinking", "Ostrich 3")),
    ("Ferrous Dawn", PROPRIETARY, ("Ferrous Max", "Ferrous Lite")),
    ("Tidepool Collective", OPEN, ("Tidepool 2025-05", "Tidepool 2025-02")),
    ("Umbra Semantics", PROPRIETARY, ("Umbra Large", "Umbra Medium")),
    ("Pomelo & Rye", PROPRIETARY, ("Pomelo 4", "Pomelo 4 Fast")),
    ("Cobblestone Reckoners", OPEN, ("Cobble 5", "Cobble 5 Nano")),
    ("Velvet Abacus", PROPRIETARY, ("Abacus 6", "Abacus 6 Mini", "Abacus 5.5")),
    # The last two are the ones that retire: predecessors of models above.
    ("Northlight Foundry", PROPRIETARY, ("Aurora 1 Large",)),
    ("Lanternfish Labs", PROPRIETARY, ("Lantern Classic",)),
)

ROSTER: tuple[Model, ...] = tuple(
    Model(name.lower().replace(" ", "-"), name, provider, licence)
    for provider, licence, names in _MAKERS
    for name in names
)
"""All models; a study of n takes the last n, so that two of them always can retire."""

TOPICS: tuple[str, ...] = (
    "work and careers",
    "health and wellbeing",
    "cooking",
    "travel",
    "money",
    "learning",
    "writing",
    "coding",
    "relationships",
    "news and politics",
    "hobbies",
    "home and garden",
)
