"""Great Expectations' Data Docs of one load: a page per batch that was judged, one for the load.

    data_docs/<load_id>/load.html
    data_docs/<load_id>/battle_judged-1.html

Dagster links them from its checks. A page may show values of rows that failed, so only its owner
may read the directory, as with the quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.paths import make_private

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
        make_private(self._directory.parent)
        make_private(self._directory)
        number = len(list(self._directory.glob(f"{name}-*.html"))) + 1
        file = f"{name}.html" if name == LOAD else f"{name}-{number}.html"
        path = self._directory / file
        path.touch(mode=0o600)
        path.write_text(verdict.page, encoding="utf-8", errors="replace")
