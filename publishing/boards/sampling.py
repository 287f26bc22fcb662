"""The probe of sampling: whether some models were drawn more often than their chances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from publishing.boards.finding import Finding, Read, Row, dimension_of
from publishing.counted import counted, listed

PROBE = "sampling"
# What is surely unequal and so little that no board notices isn't found.
RATIO, HALVES = 1.25, 1.1
LEVEL = 0.02
PEOPLE_MIN, MODELS_MIN = 20, 8
SCOPES = {"model": "model", "provider": "provider", "licence_kind": "licence kind"}

NAMED = 3
EVERYBODY, UNNAMED = "everybody", "unnamed"
RATES = """
select * from rpt_sampling_rate
where voters = $voters and scope in ('model', 'provider', 'licence_kind')
    and member <> 'unknown' and even_share < 1
order by basis, scope, member
"""
DIMENSIONS = "select distinct dimension from rpt_sampling_rank order by dimension"
RANKS = """
select * from rpt_sampling_rank
where voters = $voters and dimension = $dimension
order by basis
"""
SPREAD = "select * from rpt_sampling_fairness where voters = $voters order by basis, scope"
PRIVATE = """
select count(*) as battle_count from int_battles__sampled
where voters = $voters and is_private
"""
BATTLES = """
select voters, count(*) as battle_count, count(distinct participant_key) as account_count
from int_battles__sampled
group by voters
order by voters
"""
NAMED_ON = """
select distinct dimension from rpt_vote_quality
where signal = 'one_model_preferred' and source is null and is_found
order by dimension
"""
# Who would be drawn if the log is right: nothing says that they aren't there.
PRESENT = """
select models.model_id, models.has_battled, max(rates.last_on) as last_on
from dim_model as models
left join rpt_sampling_rate as rates
    on models.model_id = rates.member and rates.scope = 'model' and rates.voters = $voters
where models.is_registered and not models.is_retired and not models.is_private
group by models.model_id, models.has_battled
order by models.model_id
"""
DAYS = """
select first_on, participant_count from rpt_sampling_rate
where voters = $voters and basis = 'even_chances' and scope = 'day' and first_on is not null
order by first_on
"""
ALIKE = "With them nothing would be found."


def sampling(read: Read, dimension: str | None = None) -> Finding:
    """Whether a model, a provider or a kind of licence was drawn more or less than its chances.

    Found where one was drawn 1.25 times as often, or as rarely, and that is surely so (98% for all
    of a scope together), or where better and worse models were not drawn alike: a rank correlation
    surely not 0 (98%) and halves of the board that differ by a tenth.

    Accounts that judge one model alone, and always for it, chose their battles. Where vote quality
    finds them, their battles are set aside, and what they would change is said.

    Args:
        read: gives rows of the marts.
        dimension: by which models are better: `overall` unless given, else the first by name.
    """
    counts = {row["voters"]: row for row in read(BATTLES, {})}
    whose = {"voters": UNNAMED if UNNAMED in counts else EVERYBODY}
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    rates, ranks = _rated(read, whose), read(RANKS, {"dimension": dimension, **whose})
    spread = read(SPREAD, whose)
    unequal, related = _unequal(rates), _related(ranks)
    present = read(PRESENT, whose)
    never = [row["model_id"] for row in present if not row["has_battled"]]
    stopped = _stopped(present, rates, read(DAYS, whose))
    figures: dict[str, Any] = {
        "dimension": dimension,
        "members_tested": len(_tested(rates)),
        "members_found": [dict(row) for row in unequal],
        "models_never_drawn": never,
        "models_stopped": [dict(row) for row in stopped],
        "ranks": [dict(row) for row in ranks],
        "spread": [dict(row) for row in spread],
    }
    left_out = sum(row["battle_count"] for row in read(PRIVATE, whose))
    if not spread:
        sentence = " ".join(["No battle's models are known one by one.", *_left_out(left_out)])
        return Finding(PROBE, None, sentence, figures)
    sentences = [*_rates(unequal, len(_tested(rates))), *map(_rank, related)]
    is_found = bool(sentences) if figures["members_tested"] or related else None
    if not is_found:
        sentences = [_silence(figures["members_tested"])]
    sentences.extend(_absent(never, stopped))
    unknown = sum(row["battle_count"] for row in spread if _is_even(row))
    known = sum(row["battle_count"] for row in spread if row["scope"] == "day") - unknown
    if unknown:
        sentences.append(
            f"Nobody said how {unknown:,} of {counted(known + unknown, 'battle')} were drawn: they"
            " stand against even chances."
        )
    sentences.extend(_left_out(left_out))
    if UNNAMED in counts:
        everybodys = {"voters": EVERYBODY}
        with_them = [
            *map(_rate, _unequal(_rated(read, everybodys))[:NAMED]),
            *map(_rank, _related(read(RANKS, {"dimension": dimension, **everybodys}))),
        ]
        figures["set_aside"] = {
            "battle_count": counts[EVERYBODY]["battle_count"] - counts[UNNAMED]["battle_count"],
            "account_count": counts[EVERYBODY]["account_count"] - counts[UNNAMED]["account_count"],
            "dimensions": [row["dimension"] for row in read(NAMED_ON, {})],
            "with_them": with_them,
        }
        sentences.extend(_set_aside(figures["set_aside"]))
    return Finding(PROBE, is_found, " ".join(sentences), figures)


def _rated(read: Read, whose: dict[str, Any]) -> list[Row]:
    return [row for row in read(RATES, whose) if row["sampling_ratio_sd"]]


def _related(ranks: Sequence[Row]) -> list[Row]:
    return [row for row in ranks if _is_related(row, len(ranks))]


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
        if _is_surely_unequal(row, level) and not 1.0 / RATIO < row["sampling_ratio"] < RATIO:
            found.append(row)
    # Models of a provider are said by its name, unless one of them is what bends its figure.
    of_many = max((_distance(row) for row in found if row["scope"] != "model"), default=0.0)
    return sorted(
        (row for row in found if row["scope"] != "model" or _distance(row) > 2.0 * of_many),
        key=lambda row: -_distance(row),
    )


def _is_surely_unequal(row: Row, level: float) -> bool:
    from scipy.special import stdtrit  # imports numpy

    ratio = row["sampling_ratio"]
    # Who is drawn r times as often as expected shows r of the variance that it has at its chances.
    sd = row["sampling_ratio_sd"] / math.sqrt(min(ratio, 1.0))
    freedom = max(row["effective_participant_count"] - 1.0, 1.0)
    return bool(abs(ratio - 1.0) > float(stdtrit(freedom, 1.0 - level / 2.0)) * sd)


def _stopped(present: Sequence[Row], rates: Sequence[Row], days: Sequence[Row]) -> list[Row]:
    """Models that are there by the log and that surely no one was shown in the last days.

    Were all G people of a model's days alike, none of the last k would meet it, who h of them met,
    with probability C(G-k, h)/C(G, h). People of several days count in each before, so that G is
    too large, and only those of the busiest day after: both say "chance" too often.
    """
    drawn = {
        row["member"]: row
        for row in rates
        if row["basis"] == "even_chances" and row["scope"] == "model"
    }
    stopped = []
    for row in present:
        if row["last_on"] is None or row["model_id"] not in drawn:
            continue
        own = drawn[row["model_id"]]
        later = [day["participant_count"] for day in days if day["first_on"] > row["last_on"]]
        while_there = sum(
            day["participant_count"]
            for day in days
            if own["first_on"] is not None and own["first_on"] <= day["first_on"] <= row["last_on"]
        )
        missed, met = max(later, default=0), min(own["participant_count"], while_there)
        if _log_chance_of_missing(while_there, missed, met) < math.log(LEVEL / len(present)):
            stopped.append(row)
    return stopped


def _log_chance_of_missing(while_there: int, missed: int, met: int) -> float:
    return (
        math.lgamma(while_there + 1)
        - math.lgamma(while_there - met + 1)
        - math.lgamma(while_there + missed + 1)
        + math.lgamma(while_there + missed - met + 1)
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
    is_unequal = abs(halves - 1.0) > far * (row["better_half_ratio_sd"] or 0.0)
    return bool(z > far * sd and is_unequal and not 1.0 / HALVES < halves < HALVES)


def _rates(unequal: Sequence[Row], tested: int) -> list[str]:
    # A page of text has room for the most unequal.
    named = [_rate(row) for row in unequal[:NAMED]]
    if len(unequal) > NAMED:
        named.append(
            f"{len(unequal):,} of {tested:,} that were tested were drawn unlike their chances:"
            " --json has all."
        )
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
        f" its chances ({tested:,} tested), nor better models surely more or less often than worse"
        " ones."
    )


def _absent(never: Sequence[str], stopped: Sequence[Row]) -> list[str]:
    sentences = []
    if never:
        were = (
            "is registered and not retired, and was"
            if len(never) == 1
            else ("are registered and not retired, and were")
        )
        sentences.append(
            f"{counted(len(never), 'model')} {were} never compared: {listed(never, NAMED)}."
        )
    if stopped:
        were = "is not retired, but was" if len(stopped) == 1 else "are not retired, but were"
        last = listed([f"{row['model_id']} after {row['last_on']}" for row in stopped], NAMED)
        sentences.append(
            f"{counted(len(stopped), 'model')} {were} surely not drawn any more: {last}."
        )
    return sentences


def _left_out(battles: int) -> list[str]:
    if not battles:
        return []
    are = "is" if battles == 1 else "are"
    return [f"{counted(battles, 'battle')} with a private variant {are} left out."]


def _set_aside(said: Mapping[str, Any]) -> list[str]:
    battles = counted(said["battle_count"], "battle")
    accounts = counted(said["account_count"], "account")
    are = "is" if said["battle_count"] == 1 else "are"
    sentence = (
        f"{battles} of {accounts} {are} set aside, as these judge one model's battles alone, and"
        f" for it (vote quality names them on {listed(said['dimensions'], NAMED)})."
    )
    return [sentence, *(["With them:", *said["with_them"]] if said["with_them"] else [ALIKE])]
