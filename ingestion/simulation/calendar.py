"""When things happen: the study's span, the retirements in it, and how an instant is written.

Instants are microseconds since 1970 UTC. What stays out: what happens then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import FloatArray, IntArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND

# Models are registered before the doors open; the last of the roster retire late in the study.
REGISTERED_BEFORE = 3 * DAY
RETIREMENTS = (0.82, 0.91)
FEWEST_MODELS_TO_RETIRE = 4

_WIDTH = len("2025-06-02T00:00:00.000000")
_TIME_MARK = 10


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


def iso_bytes(at: IntArray) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Instants as ISO 8601 with microseconds and Z: one row of 27 characters each."""
    text = pa.array(at).cast(pa.timestamp("us")).cast(pa.string())
    written = np.empty((len(at), _WIDTH + 1), dtype=np.uint8)
    data = text.buffers()[2]
    if len(at):
        written[:, :_WIDTH] = np.frombuffer(data, np.uint8, len(at) * _WIDTH).reshape(-1, _WIDTH)
    written[:, _TIME_MARK] = ord("T")
    written[:, _WIDTH] = ord("Z")
    return written


def iso(at: int) -> str:
    """One instant, written the same way."""
    return iso_bytes(np.array([at])).tobytes().decode()
