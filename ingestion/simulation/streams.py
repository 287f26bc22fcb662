"""One stream of random numbers per purpose and chunk, all from one seed.

A stream is found by name, not by the order in which streams are asked for: more participants,
another sample or low effort switched off leave the truth as it was.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every seed's meaning: never renumber."""

    SKILL = 1
    EFFECT = 2
    COUNTRY = 10
    GROUP = 11
    UNDISCLOSED = 12
    AGE = 13
    ARRIVAL = 14
    EFFORT = 15
    ACTIVITY = 16
    PAIR = 20
    VERDICT = 21
    CARELESS_VERDICT = 22
    CONVERSATION = 23
    CLOCK = 24
    TOPIC = 25
    CONDUCT = 26
    ASKED = 30
    ASKED_VERDICT = 31


def stream(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The generator for one purpose at one place (chunk, axis, ...)."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(purpose), *place)))
    )
