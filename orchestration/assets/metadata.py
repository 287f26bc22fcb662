"""Metadata worth looking at: Markdown tables and a plot for Dagster's pages.

What stays out: where the numbers come from.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import dagster as dg

ROW, LABEL, PLOT, MARGIN = 20, 220, 480, 12


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


def interval_plot(rows: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Each model's skill with its 95% interval, as a picture; the grey line is the mean model.

    Args:
        rows: of a board, best first: `model_id`, `skill`, `skill_lo`, `skill_hi`.
    """
    picture = b64encode(_intervals(rows).encode()).decode()
    return dg.MetadataValue.md(f"![skills](data:image/svg+xml;base64,{picture})")


def _intervals(rows: Sequence[Mapping[str, Any]]) -> str:
    low = min((row["skill_lo"] for row in rows), default=0.0)
    high = max((row["skill_hi"] for row in rows), default=0.0)

    def x(skill: float) -> float:
        return LABEL + MARGIN + PLOT * (skill - low) / ((high - low) or 1)

    height = ROW * len(rows) + 2 * MARGIN
    lines = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{height}" stroke="#aaa"/>']
    for index, row in enumerate(rows):
        y = MARGIN + ROW * (index + 0.5)
        start, end = x(row["skill_lo"]), x(row["skill_hi"])
        name = escape(str(row["model_id"]))
        lines += [
            f'<text x="{LABEL}" y="{y + 4}" text-anchor="end">{name}</text>',
            f'<path d="M{start:.1f} {y}H{end:.1f}" stroke="#4458c8" stroke-width="2"/>',
            f'<circle cx="{x(row["skill"]):.1f}" cy="{y}" r="4" fill="#4458c8"/>',
        ]
    width = LABEL + PLOT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' font-family="sans-serif" font-size="13" fill="#777">{"".join(lines)}</svg>'
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
