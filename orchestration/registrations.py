"""Models that a file registers and another source registered before: not shown, and said.

Which registration stands, dim_model decides: one of the source that registered the model first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.log.reader import read
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ingestion.log import EventLog

SHOWN = 5


def registered_before(named: Mapping[str, Collection[str]], log: EventLog) -> list[str]:
    """A sentence on the models of a file whose registration by another source stands.

    Args:
        named: by model, the sources that register it in the file.
        log: with the file's events.
    """
    if not named:
        return []
    first = _first_sources(log)
    others = sorted(
        (model, first[model])
        for model, sources in named.items()
        if model in first and set(sources) - {first[model]}
    )
    if not others:
        return []
    shown = "; ".join(f"{model!a} by {source}" for model, source in others[:SHOWN])
    more = f"; and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
    said = (
        f"Of {len(others):,} models another source's registration stands, because it came first: "
        f"{shown}{more}. This file's are kept, not shown. If the first one is wrong, take it back: "
        "demoscope log undo."
    )
    return [said]


def _first_sources(log: EventLog) -> dict[str, str]:
    """By model, the source of the first registration that was not taken back."""
    table = read(log, EventType.MODEL_REGISTERED)
    if not len(table):
        return {}
    said = log.retractions.of(table["event_id"], log.head_seq)
    gone: set[int] = set()
    if said is not None:
        gone = set(said.rows[said.is_retracted | said.is_followed].tolist())
    found: dict[str, str] = {}
    pairs = zip(table["model_id"].to_pylist(), table["source"].to_pylist(), strict=True)
    for row, (model, source) in enumerate(pairs):
        if row not in gone:
            found.setdefault(model, source)
    return found
