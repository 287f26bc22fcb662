"""The probe of sampling: whether some models were drawn more often than their chances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from publishing.boards.finding import Finding, Read, Row, dimension_of
from publishing.counted import counted

PROBE = "sampling"
# What is surely unequal and so little that no board notices isn't found.
RATIO, HALVES = 1.25, 1.1
LEVEL = 0.02
PEOPLE_MIN, MODELS_MIN = 20, 8
SCOPES = {"model": "model", "provider": "provider", "licence_kind": "licence kind"}

NAMED = 3
RATES = """
select * from rpt_sampling_rate
where scope in ('model', 'provider', 'licence_kind') and member <> 'unknown' and even_share < 1
order by basis, scope, member
"""
DIMENSIONS = "select distinct dimension from rpt_sampling_rank order by dimension"
RANKS = "select * from rpt_sampling_rank where dimension = $dimension order by basis"
SPREAD = "select * from rpt_sampling_fairness order by basis, scope"


def sampling(read: Read, dimension: str | None = None) -> Finding:
    """Whether a model, a provider or a kind of licence was drawn more or less than its chances.

    Found where one was drawn 1.25 times as often, or as rarely, and that is surely so (98% for all
    of a scope together), or where better and worse models were not drawn alike: a rank correlation
    surely not 0 (98%) and halves of the board that differ by a tenth.

    Args:
        read: gives rows of the marts.
        dimension: by which models are better: `overall` unless given, else the first by name.
    """
    rates = [row for row in read(RATES, {}) if row["sampling_ratio_sd"]]
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    ranks = read(RANKS, {"dimension": dimension})
    spread = read(SPREAD, {})
    unequal = _unequal(rates)
    related = [row for row in ranks if _is_related(row, len(ranks))]
    figures: dict[str, Any] = {
        "dimension": dimension,
        "members_tested": len(_tested(rates)),
        "members_found": [dict(row) for row in unequal],
        "ranks": [dict(row) for row in ranks],
        "spread": [dict(row) for row in spread],
    }
    if not spread:
        return Finding(PROBE, None, "No battle's models are known one by one.", figures)
    sentences = [*_rates(unequal, len(_tested(rates))), *map(_rank, related)]
    is_found = bool(sentences) if figures["members_tested"] or related else None
    if not is_found:
        sentences = [_silence(figures["members_tested"])]
    unknown = sum(row["battle_count"] for row in spread if _is_even(row))
    known = sum(row["battle_count"] for row in spread if row["scope"] == "day") - unknown
    if unknown:
        sentences.append(
            f"Nobody said how {unknown:,} of {counted(known + unknown, 'battle')} were drawn: they"
            " stand against even chances."
        )
    return Finding(PROBE, is_found, " ".join(sentences), figures)


def _is_even(row: Row) -> bool:
    return bool(row["scope"] == "day" and row["basis"] == "even_chances")


def _tested(rates: Sequence[Row]) -> list[Row]:
    # By the people that it would have at its chances: one that is hardly drawn is tested too.
    return [row for row in rates if row["participant_count"] >= PEOPLE_MIN * row["sampling_ratio"]]


def _unequal(rates: Sequence[Row]) -> list[Row]:
    tested = _tested(rates)
    families = {(row["basis"], row["scope"]) for row in tested}
    found = []
    for row in tested:
        family = [
            other
            for other in tested
            if (other["basis"], other["scope"]) == (row["basis"], row["scope"])
        ]
        level = LEVEL / len(families) / len(family)
        far = NormalDist().inv_cdf(1.0 - level / 2.0)
        ratio = row["sampling_ratio"]
        is_sure = abs(ratio - 1.0) > far * row["sampling_ratio_sd"]
        if is_sure and not 1.0 / RATIO < ratio < RATIO:
            found.append(row)
    # Models of a provider are said by its name, unless one of them is what bends its figure.
    of_many = max((_distance(row) for row in found if row["scope"] != "model"), default=0.0)
    return sorted(
        (row for row in found if row["scope"] != "model" or _distance(row) > 2.0 * of_many),
        key=lambda row: -_distance(row),
    )


def _distance(row: Row) -> float:
    return abs(math.log(row["sampling_ratio"]))


def _is_related(row: Row, tested: int) -> bool:
    correlation, models, halves = (
        row[name] for name in ("rank_correlation", "model_count", "better_half_ratio")
    )
    if correlation is None or halves is None or models < MODELS_MIN:
        return False
    # Fisher's z with the variance of Bonett and Wright, as the table's interval.
    sd = math.sqrt((1.0 + correlation**2 / 2.0) / (models - 3))
    far = NormalDist().inv_cdf(1.0 - LEVEL / tested / 2.0)
    z = math.inf if abs(correlation) >= 1.0 else abs(math.atanh(correlation))
    return bool(z > far * sd and not 1.0 / HALVES < halves < HALVES)


def _rates(unequal: Sequence[Row], tested: int) -> list[str]:
    # A page of text has room for the most unequal.
    named = [_rate(row) for row in unequal[:NAMED]]
    if len(unequal) > NAMED:
        named.append(f"{len(unequal):,} of {tested:,} that were tested were not: --json has all.")
    return named


def _rate(row: Row) -> str:
    kind = SCOPES[row["scope"]]
    return (
        f"The {kind} {row['member']} was drawn {row['sampling_ratio']:.2f} times as often as at"
        f" {_chances(row)} (95%: {row['sampling_ratio_lo']:.2f} to"
        f" {row['sampling_ratio_hi']:.2f})."
    )


def _rank(row: Row) -> str:
    return (
        "Against their chances the better half of models was drawn"
        f" {row['better_half_ratio']:.2f} times as often as the worse half (rank correlation"
        f" {row['rank_correlation']:.2f}, by {_chances(row)})."
    )


def _chances(row: Row) -> str:
    return "its policy's chances" if row["basis"] == "policy" else "even chances"


def _silence(tested: int) -> str:
    if not tested:
        return f"Fewer than {PEOPLE_MIN} people judged any one model: too few to say."
    return (
        "No model, provider or kind of licence was surely drawn a quarter more or less often than"
        f" its chances ({tested:,} tested), and better models not otherwise than worse ones."
    )
