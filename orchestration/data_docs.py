"""Great Expectations' Data Docs of one load: a page per batch that was judged, one for the load.

    data_docs/<load_id>/load.html
    data_docs/<load_id>/battle_judged-1.html

Dagster links them from its checks. A page may show values of rows that failed, so only its owner
may read the directory, as with the quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.gate import Verdict

LOAD = "load"


class DataDocs:
    """The pages of one load; the verdicts of a gate that makes none leave none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, name: str, verdict: Verdict) -> None:
        """Write a verdict's page: `load`, or an event type, whose pages are numbered."""
        if verdict.page is None:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = len(list(self._directory.glob(f"{name}-*.html"))) + 1
        file = f"{name}.html" if name == LOAD else f"{name}-{number}.html"
        (self._directory / file).write_text(verdict.page, encoding="utf-8")
