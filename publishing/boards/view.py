"""One board out of a release: a stratum, a dimension, an estimator and a weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from ingestion.errors import NotFoundError
from publishing.boards.dependence import dependence_sentence, dependence_words
from publishing.boards.labels import UNWEIGHTED, labels_of
from publishing.boards.store import under_todays_names
from publishing.meant import did_you_mean
from ratings.rounding import MICRO, MICRO_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publishing.boards.labels import Labels
    from publishing.boards.store import Release

DEFAULT_DIMENSION = "overall"
DEFAULT_STRATUM, DEFAULT_ESTIMATOR = "all", "trueskill_ep"
SELECTORS = ("stratum_id", "dimension", "estimator", "weighting")
EFFECTIVE_PEOPLE_MIN = 50
"""Worth fewer people than this, a weighted board is provisional."""
# Shown only when asked for: a sensitivity, and the merging of one axis' groups.
SECONDARY_SUFFIX, SECONDARY_PREFIX = "_half_half", "merged_by_"


def leaderboard(
    release: Release,
    *,
    dimension: str | None = None,
    stratum: str | None = None,
    estimator: str | None = None,
    weighting: str | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The head and the rows of one board, best first.

    Args:
        release: a kept release.
        dimension: None for `overall`, or the first there is.
        stratum: `US`, `US/age/18-34`, ...; None for `all`.
        estimator: None for `trueskill_ep`.
        weighting: None for the census where people were weighted, else unweighted.

    Raises:
        NotFoundError: names what the release has instead.
    """
    rows = under_todays_names(release.rows())
    known = rows.column("dimension").unique().to_pylist()
    if not known:
        message = "This release has no leaderboard: nobody compared two models."
        raise NotFoundError(message, remedy="Ratings of single models: demoscope experience")
    chosen = {
        "stratum_id": stratum or DEFAULT_STRATUM,
        "dimension": dimension or (DEFAULT_DIMENSION if DEFAULT_DIMENSION in known else min(known)),
        "estimator": estimator or DEFAULT_ESTIMATOR,
    }
    for name in SELECTORS:
        known = rows.column(name).unique().to_pylist()
        if name == "weighting":
            chosen[name] = weighting or default_weighting(known)
        if chosen[name] not in known:
            message = f"This release has no {name.removesuffix('_id')} {chosen[name]!r}."
            meant = did_you_mean(chosen[name], sorted(known))
            named = _named(name, sorted(known), chosen["stratum_id"], labels_of(release))
            raise NotFoundError(message, remedy=f"{meant}It has: {', '.join(named)}")
        rows = rows.filter(pc.equal(rows.column(name), chosen[name]))
    ordered = rows.sort_by([("rank", "ascending"), ("model_id", "ascending")])
    first = ordered.slice(0, 1).to_pylist()[0]
    # A battle is of two models.
    verdicts = sum(ordered.column("battle_count").to_pylist()) // 2
    listed = [_as_people_read(row) for row in ordered.drop_columns(list(SELECTORS)).to_pylist()]
    subject = release.subject
    head = {
        "release_id": release.id,
        "title": title(
            chosen,
            labels_of(release),
            is_simulated=subject["is_simulated"],
            beside=dependence_words(first, verdicts),
            people=_people(release, chosen),
            effective_count=_effective_count(listed),
        ),
        "interval_basis": first.get("interval_basis"),
        "interval_note": dependence_sentence(first),
        "dimension": chosen["dimension"],
        "stratum": chosen["stratum_id"],
        "estimator": chosen["estimator"],
        "weighting": chosen["weighting"],
        "log_position": subject["log_position"],
        "valid_until": subject["valid_until"],
        "is_simulated": subject["is_simulated"],
        "sources": subject["sources"],
        "model_count": len(listed),
        "provisional": "".join(provisional(_effective_count(listed))) or None,
    }
    return head, listed


def _named(selector: str, known: list[str], stratum: str, labels: Labels) -> list[str]:
    """Choices with what people read in their place, where that is something else."""
    if selector == "weighting":
        return [f"{name} ({labels.weighting(name, stratum)})" for name in known]
    if selector == "estimator":
        return [f"{name} ({labels.estimator(name)})" for name in known]
    return known


def title(
    chosen: Mapping[str, str],
    labels: Labels,
    *,
    is_simulated: bool,
    beside: str = "",
    people: str | None = None,
    effective_count: float | None = None,
) -> str:
    """What stands above a board; a simulated one says so first.

    Args:
        chosen: which board.
        labels: what its names are called.
        is_simulated: whether its battles are.
        beside: what its intervals rest on; comes last.
        people: who judged, where that is not what the stratum is called.
        effective_count: of participants; too few of them make the board provisional.
    """
    said = labels.board(chosen, people)
    said += provisional(effective_count)
    words = "; ".join([*said, *([beside] if beside else [])])
    return f"SIMULATED: {words}" if is_simulated else words


def provisional(effective_count: float | None) -> list[str]:
    """That a board is worth too few people to be quoted; empty where it isn't."""
    if effective_count is None or effective_count >= EFFECTIVE_PEOPLE_MIN:
        return []
    worth = min(round(effective_count), EFFECTIVE_PEOPLE_MIN - 1)
    people_worth = "1 person" if worth == 1 else f"{worth} people"
    return [f"provisional: it is worth {people_worth}, and needs {EFFECTIVE_PEOPLE_MIN}"]


def _people(release: Release, chosen: dict[str, str]) -> str | None:
    """The country that everybody is of: the only one with boards, of all the battles there are."""
    if chosen["stratum_id"] != DEFAULT_STRATUM:
        return None
    rows = release.rows()
    flat = pc.and_(
        pc.equal(rows.column("weighting"), UNWEIGHTED),
        pc.and_(
            pc.equal(rows.column("estimator"), DEFAULT_ESTIMATOR),
            pc.equal(rows.column("dimension"), chosen["dimension"]),
        ),
    )
    battles: dict[str, int] = {}
    for row in rows.filter(flat).select(["stratum_id", "battle_count"]).to_pylist():
        stratum = row["stratum_id"]
        battles[stratum] = battles.get(stratum, 0) + row["battle_count"]
    countries = [
        stratum for stratum in battles if stratum != DEFAULT_STRATUM and "/" not in stratum
    ]
    if len(countries) == 1 and battles[countries[0]] == battles.get(DEFAULT_STRATUM):
        return countries[0]
    return None


def _effective_count(listed: list[dict[str, Any]]) -> float | None:
    """How many people, weighted and judging alike, the board's are worth; None: unknown."""
    known = [
        row["effective_participant_count"]
        for row in listed
        if row.get("effective_participant_count")
    ]
    return min(known, default=None)


def _as_people_read(row: dict[str, Any]) -> dict[str, Any]:
    """Micro-units back to units; the columns a reader looks for first."""
    units = {
        name.removesuffix(MICRO_SUFFIX): value / MICRO if name.endswith(MICRO_SUFFIX) else value
        for name, value in row.items()
        if value is not None
    }
    first = ("rank", "model_id", "skill", "skill_sd", "skill_lo", "skill_hi", "rank_lo", "rank_hi")
    return {name: units.pop(name) for name in first} | units


def default_weighting(known: list[str]) -> str:
    """Of the weightings of a board, the one that is shown unless another is asked for."""
    official = (
        weighting
        for weighting in known
        if weighting != UNWEIGHTED
        and not weighting.endswith(SECONDARY_SUFFIX)
        and not weighting.startswith(SECONDARY_PREFIX)
    )
    return min(official, default=UNWEIGHTED)
