"""The probes that `demoscope boards audit` runs on the tables of a build, in the page's order.

Each is a question that a reader would ask of a board (docs/can-this-board-be-trusted.md). The last
one, provenance, is about the warehouse and not in its tables: provenance.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.errors import NotFoundError
from publishing.boards.finding import Finding
from publishing.boards.first_place import fragility, influence
from publishing.boards.model_checks import cycles, sides
from publishing.boards.private_testing import private_testing
from publishing.boards.retirement import retirement
from publishing.boards.sampling import sampling
from publishing.boards.separation import separation
from publishing.boards.vote_quality import vote_quality

if TYPE_CHECKING:
    from collections.abc import Callable

    from publishing.boards.finding import Read

PROBES: dict[str, Callable[[Read, str | None], Finding]] = {
    "separation": separation,
    "fragility": fragility,
    "sides": sides,
    "cycles": cycles,
    "influence": influence,
    "sampling": sampling,
    "private_testing": private_testing,
    "retirement": retirement,
    "vote_quality": vote_quality,
}


def findings(read: Read, dimension: str | None) -> list[Finding]:
    """What each probe says of the tables of the last build.

    Args:
        read: gives rows of them.
        dimension: what was judged; None: `overall`, or the first by name.
    """
    return [_finding(name, read, dimension) for name in PROBES]


def untold(reason: str) -> list[Finding]:
    """What each probe says where there are no tables to look at."""
    return [Finding(name, None, reason, {}) for name in PROBES]


def _finding(name: str, read: Read, dimension: str | None) -> Finding:
    try:
        return PROBES[name](read, dimension)
    except NotFoundError as error:
        # An earlier version's build has no table of a probe that came later.
        return Finding(name, None, str(error), {})
