"""What the last build by the command line made, for Dagster, which did not ask for it.

A sensor reads it (`made_elsewhere.py`). So a build costs no import of Dagster, and one that ran
before Dagster was ever started is known to it as well.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ingestion.json_object import parse_object
from ingestion.log.durable import replace_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingestion.paths import Home


@dataclass(frozen=True, kw_only=True)
class LastBuild:
    """A build at the head of the log.

    Args:
        release_id: the release that it kept.
        log_position: of the log as it saw it.
        finished_at: seconds since 1970.
        seconds: how long each step took, by its name.
        row_counts: of every table, by the path of its asset's key, with slashes.
    """

    release_id: str
    log_position: int
    finished_at: float
    seconds: Mapping[str, float]
    row_counts: Mapping[str, int]

    def rows_of(self, *key: str) -> int | None:
        """Rows of a table by the parts of its asset's key; a view has none that are known."""
        return self.row_counts.get("/".join(key), self.row_counts.get(key[-1]))


class Steps:
    """Measures the steps of a build, and passes their names on.

    Args:
        tell: called with each step's name as it begins.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._begun: list[tuple[str, float]] = []

    def __call__(self, name: str) -> None:
        """A step begins."""
        self._begun.append((name, time.perf_counter()))
        self._tell(name)

    def seconds(self) -> dict[str, float]:
        """How long each step took; the last one until now."""
        begun = [*self._begun, ("", time.perf_counter())]
        return {name: round(after - at, 2) for (name, at), (_, after) in pairwise(begun)}


def note(home: Home, build: LastBuild) -> str | None:
    """Note a build in the place of the one before; a sentence where that can't be done."""
    path = _file(home)
    try:
        replace_text(path, json.dumps(asdict(build), sort_keys=True, allow_nan=False))
    except OSError as error:
        return f"Dagster won't show this build, as {path} could not be written: {error.strerror}."
    return None


def last_build(home: Home) -> LastBuild | None:
    """The last build; None where there was none, or what was noted of it is damaged."""
    with suppress(OSError, ValueError, TypeError):
        return LastBuild(**parse_object(_file(home).read_bytes()))
    return None


def _file(home: Home) -> Path:
    return home.root / "dbt" / "last_build.json"
