"""The page's section on the study: its name, when people took part, the items of AAPOR's list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.boards import aapor
from publishing.dates import period
from publishing.page.marts import Rows

WEB = ("https://", "http://")


def named_study(rows: Rows) -> dict[str, Any] | None:
    """The study's title, who conducts it, where to ask, the terms; None where it says nothing.

    Args:
        rows: of `dim_study`.

    Returns:
        Texts, null where the study doesn't say; `link` is where to ask if that is a web page.
    """
    if not rows:
        return None
    row = max(rows, key=lambda one: int(one["valid_from_position"]))
    contact = row["contact"]
    is_link = contact is not None and contact.startswith(WEB) and not contact.split()[1:]
    return {
        **{name: row[name] for name in ("title", "conductor", "contact", "licence")},
        "link": contact if is_link else None,
    }


def collection(rows: Rows, strata: Mapping[str, int]) -> dict[int, str]:
    """When people took part, in words, by the place of who judged."""
    return {
        strata[row["stratum_id"]]: period(row["first_month"], row["last_month"])
        for row in rows
        if row["stratum_id"] in strata and row["first_month"] and row["last_month"]
    }


def about(
    statements: Rows,
    coverage: Rows,
    collection: Rows,
    diagnostics: Rows,
    *,
    step: int,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """The items in order, and whether all are complete.

    Args:
        statements: of `rpt_about_study`.
        coverage: of `fct_stratum_coverage`.
        collection: of `rpt_data_collection`.
        diagnostics: of `rpt_weighting_diagnostics`: the default scheme's.
        step: people are counted in multiples of it, as the publication counts them.
        labels: what people read, of questions and criteria.
    """
    read = [row | {"subject": _subject(row["subject"], labels)} for row in statements]
    items = aapor.about(read, coverage, collection, diagnostics, step=step)
    return {
        "items": items,
        "missing": aapor.missing(items),
        "is_complete": all(item["is_complete"] for item in items),
    }


def _subject(name: str | None, labels: Mapping[str, str]) -> str | None:
    """What a statement is about, without the names that tables use."""
    return name and labels.get(name, name.replace("_", " "))
