"""What a study is called, who conducts it, and when people took part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
