"""The page's section on the study: the items of AAPOR's list, and what is missing of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.boards import aapor
from publishing.page.marts import Rows


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
