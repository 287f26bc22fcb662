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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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


def _asked(default: Any, low: float, high: float) -> Any:
    """A field whose value, or each of its values, lies between two limits."""
    limits = {"limits": (low, high)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: dict(default), metadata=limits)
    return field(default=default, metadata=limits)


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

    participants: int = _asked(24_000, 1, 100_000_000)
    seed: int = _asked(1, 0, 2**63 - 1)
    source: str = f"{SIMULATED_SOURCE_PREFIX}-humaine"
    battles_per_participant: float = _asked(1.0, 0.0, 1e4)
    judging_share: float = _asked(0.4, 1e-6, 1.0)
    activity_shape: float = _asked(0.7, 0.01, 1e6)
    model_count: int = _asked(len(ROSTER), 2, len(ROSTER))
    tie_rates: Mapping[str, float] = _asked(TIE_RATES, 1e-6, 0.99)
    beta: float = _asked(25.0 / 6.0, 1e-6, 1e6)
    skill_mean: float = 25.0
    skill_sd: float = _asked(3.0, 0.0, 1e6)
    dimension_correlation: float = _asked(0.8, 0.0, 1.0)
    effects: float = _asked(1.0, 0.0, 1e3)
    effect_sds: Mapping[str, float] = _asked(EFFECT_SDS, 0.0, 1e6)
    sampling_skew: float = _asked(1.0, 0.0, 10.0)
    country_shares: Mapping[str, float] | None = _asked(None, 0.0, 1e12)
    low_effort_share: float = _asked(0.016, 0.0, 1.0)
    left_bias: float = _asked(0.0, -1e3, 1e3)
    undisclosed_shares: Mapping[str, float] = _asked(UNDISCLOSED_SHARES, 0.0, 1.0)
    start: datetime = datetime(2025, 6, 2, tzinfo=UTC)
    days: int = _asked(91, 1, 3660)

    def __post_init__(self) -> None:
        for item in fields(self):
            given = getattr(self, item.name)
            low, high = item.metadata.get("limits", (None, None))
            for value in () if low is None else _values(given):
                if not low <= value <= high:
                    what = item.name.replace("_", " ")
                    raise UsageError(f"{what}: {value} is not between {low:g} and {high:g}.")
        if not re.fullmatch(SOURCE_PATTERN, self.source):
            raise UsageError(
                f"source: {self.source!r} is not {SIMULATED_SOURCE_PREFIX!r} and, after it, small"
                " letters, digits, dots, dashes or underscores.",
                remedy="Boards built from simulated votes must say so.",
            )
        names = list(self.tie_rates)
        if not names or not all(re.fullmatch(SLUG_PATTERN, name) for name in names):
            raise UsageError(
                f"tie rates: {names} must name at least one dimension, each in lower-case letters,"
                " digits and underscores."
            )
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

    @property
    def opens_at(self) -> int:
        """The first arrival."""
        return (self.start - EPOCH) // timedelta(microseconds=1)

    @property
    def span(self) -> int:
        """Microseconds over which participants arrive."""
        return self.days * DAY

    @property
    def retired_at(self) -> tuple[int, ...]:
        """When models retire, from the roster's last backwards."""
        shares = RETIREMENTS if self.model_count >= FEWEST_MODELS_TO_RETIRE else ()
        return tuple(self.opens_at + int(share * self.span) for share in shares)

    def active_counts(self, at: IntArray) -> IntArray:
        """How many models of the roster, from its first on, are compared at these instants."""
        return self.model_count - np.searchsorted(self.retired_at, at, side="right")

    def pair_shares(self) -> FloatArray:
        """Expected share of every ordered pair (left, right) among the battles (M, M)."""
        edges = np.array([self.opens_at, *self.retired_at, self.opens_at + self.span])
        shares = np.zeros((self.model_count, self.model_count))
        for gone, share in enumerate(np.diff(edges) / self.span):
            active = self.model_count - gone
            shares[:active, :active] += share / (active * (active - 1))
        np.fill_diagonal(shares, 0.0)
        return shares


def _values(given: Any) -> Iterable[float]:
    """A number alone, or the numbers of a mapping."""
    return [given] if isinstance(given, int | float) else (given or {}).values()


def instants(at: Sequence[int] | IntArray) -> Any:
    """Microseconds since 1970 as ISO 8601 with microseconds and Z, an Arrow column."""
    text = pa.array(at, pa.int64()).cast(pa.timestamp("us")).cast(pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")


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
    BENCHMARK = 45
    JUDGED = 50
    RATED_QUALITY = 60
    RATED_WEAKNESS = 61
    RATER = 62
    RATED_MODEL = 63
    RATING = 64
    FLATTERY = 65
    FLATTERY_LABEL = 66
    FIRST_IMPRESSION = 67
    VARIANT = 80
    VARIANT_TEST = 81
    FRESH_VOTE = 82
    VOTE_ATTACK = 90
    FAVOURING_QUEUE = 91


def stream(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The generator of random numbers for one purpose at one place (chunk, axis, ...).

    A stream is found by name, not by the order in which streams are asked for: more participants,
    another sample or low effort switched off leave the truth as it was.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(int(purpose), *place))
    return np.random.Generator(np.random.PCG64(sequence))
