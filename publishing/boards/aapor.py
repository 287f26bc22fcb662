"""What a study says of itself: the eleven items that AAPOR has studies disclose at once.

The list is that of the Code of Professional Ethics and Practices of April 2021, section III.A. The
statements are rows of `rpt_about_study`; sample sizes, months, and what weighting costs are rows of
`fct_stratum_coverage`, `rpt_data_collection` and `rpt_weighting_diagnostics`, as publications show
them: a row that stays behind there is said to be not shown here.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import rfc8785

from ingestion.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]
    # Item and statement.
    Said = list[tuple[int, dict[str, str | None]]]

STANDARD = "AAPOR Code of Professional Ethics and Practices (April 2021), III.A"
ITEMS = (
    "Data collection strategy",
    "Who sponsored the research and who conducted it",
    "Measurement tools",
    "Population under study",
    "Method used to generate and recruit the sample",
    "Methods and modes of data collection",
    "Dates of data collection",
    "Sample sizes and precision",
    "How the data were weighted",
    "How the data were processed, and procedures to ensure data quality",
    "Limitations of the design and data collection",
)
OF_RELEASE = ("log_position", "log_head_hash", "valid_until", "design_hash", "is_simulated")
"""What the document repeats of the release's subject."""
STRATEGY, DATES, SAMPLE, WEIGHTING = 1, 7, 8, 9
TOOK_PART = "people took part"
EVERYBODY = "all"
# What Markdown and HTML would take for markup in somebody's words.
_MARKUP = re.compile(r"[\\`*\[\]<>]")
PRECISION = (
    "Intervals hold the figure of the population 95 times in 100, one model at a time. Where judges"
    " are known they count people, not verdicts. They say nothing of who never takes part."
)


def about(
    statements: Iterable[Row],
    coverage: Iterable[Row],
    collection: Iterable[Row],
    diagnostics: Iterable[Row],
    *,
    step: int,
) -> list[dict[str, Any]]:
    """The eleven items in order: number, name, statements, and what of each is missing.

    All rows are those that a publication shows, with their figures as they are there.

    Args:
        statements: of `rpt_about_study`.
        coverage: of `fct_stratum_coverage`.
        collection: of `rpt_data_collection`: one, or none where it stays behind.
        diagnostics: of `rpt_weighting_diagnostics`: the default scheme's.
        step: people and verdicts are counted in multiples of it; fewer are not told.
    """
    counted = {row["stratum_id"]: row for row in coverage if row["axis"] is None}
    costs = sorted(diagnostics, key=lambda row: row["country"])
    collected = next(iter(collection), None)
    unweighted = _unweighted(collected, costs, step)
    ordered = sorted(
        statements,
        key=lambda row: (row["item"], row["sort_order"], row["part"], row["subject"]),
    )
    said = [
        (row["item"], _statement(row["part"], row["subject"], row["statement"]))
        for row in ordered
        if row["country"] is None or _judged(counted.get(row["country"])) >= step
        if not (unweighted and row["item"] == WEIGHTING)
    ]
    said = _dated(said, collected, step)
    said += [(SAMPLE, one) for one in _sample(counted, costs, step)]
    said += [(WEIGHTING, one) for one in unweighted or _without_weight(costs)]
    return [_item(number, [one for item, one in said if item == number]) for number in range(1, 12)]


def _judged(row: Row | None) -> int:
    return 0 if row is None else row["heard_count"] or 0


def _statement(part: str, subject: str, statement: str | None) -> dict[str, str | None]:
    return {"part": part, "subject": subject, "statement": statement}


def _item(number: int, said: list[dict[str, str | None]]) -> dict[str, Any]:
    stated = [one for one in said if one["statement"] is not None]
    missing = [one["part"] for one in said if one["statement"] is None]
    if not stated and not missing:
        missing = ["everything"]
    return {
        "number": number,
        "name": ITEMS[number - 1],
        "is_complete": not missing,
        "statements": stated,
        "missing": missing,
    }


def _not_shown(step: int) -> str:
    words = f"Not shown: fewer than {step} people are behind it, or behind what changed since an"
    return f"{words} earlier publication."


def _dated(said: Said, collected: Row | None, step: int) -> Said:
    """With the months of battles, and with them where the study doesn't say its days."""
    if collected is None:
        months: str | None = _not_shown(step)
    elif collected["first_month"] is None:
        months = None
    else:
        months = f"{collected['first_month']} to {collected['last_month']}"
    filled = [
        (item, {**one, "statement": months})
        if (item, one["part"], one["statement"]) == (DATES, TOOK_PART, None)
        else (item, one)
        for item, one in said
    ]
    return filled if months is None else [*filled, (DATES, _statement("battles", "", months))]


def _sample(
    counted: Mapping[str, Row], costs: Iterable[Row], step: int
) -> Iterator[dict[str, str | None]]:
    """How many people judged, and how many they are worth once they are weighted."""
    everybody = counted.get(EVERYBODY)
    if everybody is None:
        yield _statement("participants", "", _not_shown(step))
    else:
        judged = _judged(everybody)
        yield _statement("participants", "", _many(judged, step) if judged else None)
        if everybody["verdict_count"]:
            yield _statement("verdicts", "", _many(everybody["verdict_count"], step))
    for name, row in sorted(counted.items()):
        if name != EVERYBODY and _judged(row) >= step:
            yield _statement("participants", name, _many(row["heard_count"], step))
    for row in costs:
        worth, cost = row["effective_participant_count"], row["design_effect"]
        # Of a country where the scheme weights nobody there is no design effect.
        if None not in (worth, cost) and (row["participant_count"] or 0) >= step:
            effect = f"{cost:.3f}".rstrip("0").rstrip(".")
            words = f"worth {_many(worth, step)} who weigh alike (design effect {effect})"
            yield _statement("weighted participants", row["country"], words)
    yield _statement("precision", "", PRECISION)


NOT_WEIGHTED = {
    "nobody_enrolled": "Not weighted: nobody is enrolled (or fewer than {step} of those who"
    " judged).",
    "nobody_has_a_weight": "Not weighted: nobody has a weight (or fewer than {step} people).",
}


def _unweighted(
    collected: Row | None, costs: Sequence[Row], step: int
) -> list[dict[str, str | None]]:
    """What stands in place of the scheme where boards aren't weighted by it, or it isn't shown."""
    if collected is not None:
        reason = collected["not_weighted_reason"]
        words = reason and NOT_WEIGHTED[reason].format(step=step)
    elif any(row["effective_participant_count"] is not None for row in costs):
        words = None
    else:
        words = _not_shown(step)
    return [_statement("weighting", "", words)] if words else []


def _without_weight(costs: Iterable[Row]) -> Iterator[dict[str, str | None]]:
    for row in costs:
        if row["effective_participant_count"] is None:
            yield _statement("not weighted", row["country"], "Nobody there has a weight.")


def _many(count: float, step: int) -> str:
    rounded = int(count) // step * step
    return f"at least {rounded:,}" if rounded else f"fewer than {step}"


def document(items: list[dict[str, Any]], subject: Mapping[str, Any]) -> dict[str, Any]:
    """The items as one document about a release.

    Args:
        items: of `about`.
        subject: what the release is a function of.
    """
    return {
        "standard": STANDARD,
        **{name: subject[name] for name in OF_RELEASE},
        "is_complete": all(item["is_complete"] for item in items),
        "missing": missing(items),
        "items": items,
    }


def missing(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is missing, by item, in words."""
    return [
        f"{item['number']}. {item['name']}: {part}" for item in items for part in item["missing"]
    ]


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256 of the document as RFC 8785 JSON, lower-case hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(said))).hexdigest()


def markdown(said: Mapping[str, Any]) -> str:
    """The document for people."""
    lines = ["# About this study", ""]
    if said["is_simulated"]:
        lines += ["**SIMULATED: nobody was asked. People and verdicts are made up.**", ""]
    lines += [f"As of log position {said['log_position']}. By {said['standard']}.", ""]
    if said["is_complete"]:
        lines += ["Complete: none of the eleven items is missing."]
    else:
        lines += ["**Incomplete.** Missing:", "", *(f"- {one}" for one in said["missing"])]
    for item in said["items"]:
        lines += ["", f"## {item['number']}. {item['name']}", ""]
        lines += [f"- {_line(one)}" for one in item["statements"]]
        lines += [f"- **Missing: {part}**" for part in item["missing"]]
    return "\n".join(lines) + "\n"


def _line(one: Mapping[str, str]) -> str:
    head = f"{one['part']}, {one['subject']}" if one["subject"] else one["part"]
    words = " / ".join(line.strip() for line in one["statement"].splitlines() if line.strip())
    return _MARKUP.sub(r"\\\g<0>", visible(f"{head}: {words}"))
