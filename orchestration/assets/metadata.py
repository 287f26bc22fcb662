"""Metadata worth looking at: Markdown tables for Dagster's pages.

What stays out: where the numbers come from.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg


def markdown_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table; numbers to the right, two decimals where they have any."""
    rows = list(rows)
    numeric = {name for name in columns if rows and all(_is_number(row[name]) for row in rows)}
    rule = ("---:" if name in numeric else "---" for name in columns)
    lines = [columns, list(rule), *([_text(row[name]) for name in columns] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """The same as Dagster metadata."""
    return dg.MetadataValue.md(markdown_table(columns, rows))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
