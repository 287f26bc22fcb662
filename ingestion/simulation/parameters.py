"""Everything one can ask of a simulated study, with the defaults that give HUMAINE's shape.

Battles per participant: 24,000 participants and 120,000 judgments (a judgment is one battle on one
of five dimensions) are one battle per participant enrolled, yet those who take part judge several.
Both hold because, as on any panel, some enrol and never judge: `judging_share` of those enrolled
judge at least one battle, the rest of the battles fall on them unevenly (gamma weights), and the
total is exactly round(participants x battles_per_participant).

Makers and models are invented; none is meant to be anyone's. Instants are microseconds since 1970
UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from ingestion.contracts import SLUG_PATTERN
from ingestion.errors import UsageError
from ingestion.simulation.population import FloatArray, IntArray
from ingestion.vocabulary import SIMULATED_SOURCE_PREFIX

SOURCE_PATTERN = f"{SIMULATED_SOURCE_PREFIX}[a-z0-9_.-]{{0,50}}"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND

# Models are registered before the doors open; the last of the roster retire late in the study.
REGISTERED_BEFORE = 3 * DAY
RETIREMENTS = (0.82, 0.91)
FEWEST_MODELS_TO_RETIRE = 4

TIE_RATES: Mapping[str, float] = {
    "overall": 0.10,
    "core_task": 0.35,
    "communication": 0.18,
    "adaptiveness": 0.30,
    "trust": 0.65,
}
# Age moves opinions of language models most, as HUMAINE found; party and ethnicity far less.
EFFECT_SDS: Mapping[str, float] = {
    "age": 1.5,
    "politics": 0.6,
    "ethnicity": 0.4,
    "country": 0.3,
}
UNDISCLOSED_SHARES: Mapping[str, float] = {
    "gender": 0.005,
    "ethnicity": 0.01,
    "politics": 0.04,
    "education": 0.01,
}


class Model(NamedTuple):
    """One model as it is registered."""

    model_id: str
    display_name: str
    provider: str
    licence: str


_MAKERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Northlight Foundry", "proprietary", ("Aurora 2 Large", "Aurora 2 Small")),
    ("Lanternfish Labs", "proprietary", ("Lantern XL", "Lantern M", "Lantern S")),
    ("Quillfeather", "proprietary", ("Quill 9 Pro", "Quill 9", "Quill 8")),
    ("Mossgate Institute", "Apache-2.0", ("Moss 120B", "Moss 30B", "Moss 7B")),
    ("Ostrich & Daughters", "proprietary", ("Ostrich 3 Thinking", "Ostrich 3")),
    ("Ferrous Dawn", "proprietary", ("Ferrous Max", "Ferrous Lite")),
    ("Tidepool Collective", "Apache-2.0", ("Tidepool 2025-05", "Tidepool 2025-02")),
    ("Umbra Semantics", "proprietary", ("Umbra Large", "Umbra Medium")),
    ("Pomelo & Rye", "proprietary", ("Pomelo 4", "Pomelo 4 Fast")),
    ("Cobblestone Reckoners", "Apache-2.0", ("Cobble 5", "Cobble 5 Nano")),
    ("Velvet Abacus", "proprietary", ("Abacus 6", "Abacus 6 Mini", "Abacus 5.5")),
    # The last two are the ones that retire: predecessors of models above.
    ("Northlight Foundry", "proprietary", ("Aurora 1 Large",)),
    ("Lanternfish Labs", "proprietary", ("Lantern Classic",)),
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


_RANGES: Mapping[str, tuple[float, float]] = {
    "participants": (1, 100_000_000),
    "seed": (0, 2**63 - 1),
    "battles_per_participant": (0.0, 1e4),
    "judging_share": (1e-6, 1.0),
    "activity_shape": (0.01, 1e6),
    "model_count": (2, len(ROSTER)),
    "tie_rates": (1e-6, 0.99),
    "beta": (1e-6, 1e6),
    "skill_sd": (0.0, 1e6),
    "dimension_correlation": (0.0, 1.0),
    "effects": (0.0, 1e3),
    "effect_sds": (0.0, 1e6),
    "sampling_skew": (0.0, 10.0),
    "country_shares": (0.0, 1e12),
    "low_effort_share": (0.0, 1.0),
    "left_bias": (-1e3, 1e3),
    "undisclosed_shares": (0.0, 1.0),
    "days": (1, 3660),
}


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One simulated study. The same parameters and population give the same bytes.

    Args:
        participants: how many enrol.
        seed: of everything random.
        source: the events' source; it begins with `simulated`.
        battles_per_participant: mean over all who enrol.
        judging_share: of those who enrol, how many judge at all.
        activity_shape: gamma shape of how active those are; the smaller, the more uneven.
        model_count: how many models of the roster; the last two retire if there are four or more.
        tie_rates: per dimension, the share of ties among attentive verdicts of this sample.
        beta: performance sd of one model, skill units (TrueSkill's beta).
        skill_mean: mean skill.
        skill_sd: sd of skill between models. TrueSkill's prior has 25/3; with beta 25/6 a spread of
            3 makes the best of 28 win some 95% of its decided battles against the worst.
        dimension_correlation: of a model's skills, and of its effects, between dimensions.
        effects: scale of all demographic effects; 0 switches them off.
        effect_sds: sd of a group's effect on a model per axis (`country` too); others 0.5.
        sampling_skew: scale of the sample's bias; 0 samples the population as it is.
        country_shares: of participants per country; equal shares unless given.
        low_effort_share: of those who judge: always left, always a tie, or at random.
        left_bias: added to the performance of the model shown left, skill units.
        undisclosed_shares: "Prefer not to say" per answer.
        start: when the study opens (UTC).
        days: how long participants keep arriving.

    Raises:
        UsageError: a value outside its range.
    """

    participants: int = 24_000
    seed: int = 1
    source: str = f"{SIMULATED_SOURCE_PREFIX}-humaine"
    battles_per_participant: float = 1.0
    judging_share: float = 0.4
    activity_shape: float = 0.7
    model_count: int = len(ROSTER)
    tie_rates: Mapping[str, float] = field(default_factory=lambda: dict(TIE_RATES))
    beta: float = 25.0 / 6.0
    skill_mean: float = 25.0
    skill_sd: float = 3.0
    dimension_correlation: float = 0.8
    effects: float = 1.0
    effect_sds: Mapping[str, float] = field(default_factory=lambda: dict(EFFECT_SDS))
    sampling_skew: float = 1.0
    country_shares: Mapping[str, float] | None = None
    low_effort_share: float = 0.016
    left_bias: float = 0.0
    undisclosed_shares: Mapping[str, float] = field(
        default_factory=lambda: dict(UNDISCLOSED_SHARES)
    )
    start: datetime = datetime(2025, 6, 2, tzinfo=UTC)
    days: int = 91

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            given = getattr(self, name)
            values = [given] if isinstance(given, (int, float)) else (given or {}).values()
            for value in values:
                if not low <= value <= high:
                    what = name.replace("_", " ")
                    raise UsageError(f"{what}: {value} is not between {low:g} and {high:g}.")
        if not re.fullmatch(SOURCE_PATTERN, self.source):
            raise UsageError(
                f"source: {self.source!r} is not {SIMULATED_SOURCE_PREFIX!r} and, after it, small"
                " letters, digits, dots, dashes or underscores.",
                remedy="Boards built from simulated votes must say so.",
            )
        if not all(re.fullmatch(SLUG_PATTERN, name) for name in self.tie_rates):
            raise UsageError(f"tie rates: {', '.join(self.tie_rates)} are not all slugs.")
        if not self.tie_rates:
            raise UsageError("tie rates: name at least one dimension.")
        if self.start.tzinfo is None:
            raise UsageError("start: has no time zone.")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """In the order in which a participant is asked."""
        return tuple(self.tie_rates)

    @property
    def battle_count(self) -> int:
        """Battles in all."""
        return round(self.participants * self.battles_per_participant)

    @property
    def models(self) -> tuple[Model, ...]:
        """The roster's last, so that those at its end can retire."""
        return ROSTER[-self.model_count :]


@dataclass(frozen=True)
class Calendar:
    """The study's span.

    Args:
        start: first arrival.
        span: time over which participants arrive.
        retired_at: when models retire, from the roster's last backwards.
    """

    start: int
    span: int
    retired_at: tuple[int, ...]

    @classmethod
    def of(cls, parameters: Parameters) -> Calendar:
        """The calendar of a study."""
        start = (parameters.start - EPOCH) // timedelta(microseconds=1)
        span = parameters.days * DAY
        shares = RETIREMENTS if parameters.model_count >= FEWEST_MODELS_TO_RETIRE else ()
        return cls(start, span, tuple(start + int(share * span) for share in shares))

    def active_counts(self, model_count: int, at: IntArray) -> IntArray:
        """How many models of the roster, from its first on, are compared at these instants."""
        counts = np.full(len(at), model_count, dtype=np.int64)
        for retired_at in self.retired_at:
            counts -= at >= retired_at
        return counts

    def pair_shares(self, model_count: int) -> FloatArray:
        """Expected share of every ordered pair (left, right) among the battles (M, M)."""
        edges = np.array([self.start, *self.retired_at, self.start + self.span])
        shares = np.zeros((model_count, model_count))
        for gone, share in enumerate(np.diff(edges) / self.span):
            active = model_count - gone
            shares[:active, :active] += share / (active * (active - 1))
        np.fill_diagonal(shares, 0.0)
        return shares


def iso(at: int) -> str:
    """An instant in ISO 8601 with microseconds and Z."""
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")[:-6] + "Z"


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
    """The generator of random numbers for one purpose at one place (chunk, axis, ...).

    A stream is found by name, not by the order in which streams are asked for: more participants,
    another sample or low effort switched off leave the truth as it was.
    """
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(purpose), *place)))
    )
