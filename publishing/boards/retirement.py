"""The probe of retirement: whether models were withdrawn in silence, or to the gain of others."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

from publishing.boards.finding import UNTOLD, Finding, Read, Row, dimension_of, registers_models
from publishing.counted import counted

PROBE = "retirement"
LEVEL = 0.02
SCOPES = {"provider": "provider", "licence_kind": "licence kind"}

RETIRED = "select * from rpt_retirement order by scope, member"
DIMENSIONS = "select distinct dimension from rpt_retirement_effect order by dimension"
EFFECTS = """
select * from rpt_retirement_effect
where weighting = 'none' and dimension = $dimension
order by rank_without
"""


def retirement(read: Read, dimension: str | None = None) -> Finding:
    """Whether models were withdrawn in silence, unevenly, or so that others changed places.

    Found where the log says that a retirement was not announced; where a provider or a kind of
    licence lost more models than chance explains (98%, Fisher's exact test, for all together); or
    where without the battles of retired models another model has another rank and a skill that
    surely differs (98% for all models together). Private variants are the matter of another probe.

    Args:
        read: gives rows of the marts.
        dimension: whose ranks are compared: `overall` unless given, else the first by name.
    """
    rows = read(RETIRED, {})
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    effects = read(EFFECTS, {"dimension": dimension})
    every: Row = next((row for row in rows if row["scope"] == "all"), {})
    uneven = _uneven(rows, every)
    moved = [row for row in effects if _is_moved(row, len(effects))]
    figures: dict[str, Any] = {
        "dimension": dimension,
        "model_count": every.get("model_count", 0),
        "retired_count": every.get("retired_count", 0),
        "announced_count": every.get("announced_count", 0),
        "silent_count": every.get("silent_count", 0),
        "unsaid_count": every.get("unsaid_count", 0),
        "uneven": [dict(row) for row in uneven],
        "moved": [dict(row) for row in moved],
        "rank_changes": sum(row["rank_among_kept"] != row["rank_without"] for row in effects),
    }
    if not figures["retired_count"] and not registers_models(read):
        return Finding(PROBE, None, f"{UNTOLD} whether any was withdrawn.", figures)
    if not figures["retired_count"]:
        return Finding(PROBE, False, "No model was withdrawn, as far as the log says.", figures)
    sentences = [_counts(figures), *map(_lost, uneven), *map(_moved, moved)]
    if effects and not moved:
        sentences.append("Their battles didn't surely change the rank of another model.")
    is_found = bool(figures["silent_count"] or uneven or moved)
    return Finding(PROBE, is_found, " ".join(sentences), figures)


def _uneven(rows: Sequence[Row], every: Row) -> list[Row]:
    members = [row for row in rows if row["scope"] in SCOPES and row["member"] != "unknown"]
    return [row for row in members if _p_as_many(row, every) <= LEVEL / len(members)]


def _p_as_many(row: Row, every: Row) -> float:
    """P of as many retired models of its own or more, were they any of the board's."""
    models, retired = every["model_count"], every["retired_count"]
    own, lost = row["model_count"], row["retired_count"]
    ways = sum(
        comb(own, count) * comb(models - own, retired - count)
        for count in range(lost, min(own, retired) + 1)
    )
    return ways / comb(models, retired)


def _is_moved(row: Row, tested: int) -> bool:
    is_sure = row["p_shift"] is not None and row["p_shift"] <= LEVEL / tested
    return bool(is_sure and row["rank_among_kept"] != row["rank_without"])


def _counts(figures: dict[str, Any]) -> str:
    of_all = f"{figures['retired_count']} of {counted(figures['model_count'], 'model')}"
    said = [
        f"{figures[name]} {words}"
        for name, words in (
            ("announced_count", "announced"),
            ("silent_count", "in silence"),
            ("unsaid_count", "of which the log doesn't say whether it was announced"),
        )
        if figures[name]
    ]
    were = "was" if figures["retired_count"] == 1 else "were"
    return f"{of_all} {were} withdrawn: {', '.join(said)}."


def _lost(row: Row) -> str:
    return (
        f"The {SCOPES[row['scope']]} {row['member']} lost {row['retired_count']} of"
        f" {row['model_count']}, more than chance explains."
    )


def _moved(row: Row) -> str:
    return (
        f"Without their battles {row['model_id']} is number {row['rank_without']} and not"
        f" {row['rank_among_kept']}: its skill is {abs(row['shift']):.2f}"
        f" {'higher' if row['shift'] > 0 else 'lower'} (95%: {row['shift_lo']:.2f} to"
        f" {row['shift_hi']:.2f})."
    )
