"""What was decided otherwise from one kept release to the next, and how many ranks differ."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.boards import store
from publishing.boards.changes import decisions

if TYPE_CHECKING:
    from ingestion.paths import Home
    from publishing.boards.changes import Decision
    from publishing.boards.store import Release


def decided_since(home: Home) -> list[dict[str, Any]]:
    """Pairs of releases, in the order in which they were made, between which a decision changed.

    Returns:
        Per pair `from_board_id`, `to_board_id`, `made_at` of the second, `changed_rank_count`
        (whatever changed them: events may have, too), `decisions` (changes.Decision), and
        `not_known`: why rows cannot be named, where they cannot.
    """
    found = []
    for a, b in pairwise(_by_time(home)):
        changed: list[Decision] = []
        not_known: str | None = None
        try:
            changed = decisions(home.boards, PROJECT_DIRECTORY, a, b)
        except (NotFoundError, IntegrityError) as error:
            not_known = error.message
        if changed or not_known:
            found.append(
                {
                    "from_board_id": a.id,
                    "to_board_id": b.id,
                    "made_at": b.predicate["made_at"],
                    "changed_rank_count": _changed_ranks(a, b),
                    "decisions": changed,
                    "not_known": not_known,
                }
            )
    return found


def _by_time(home: Home) -> list[Release]:
    def moment(release: Release) -> tuple[Any, ...]:
        return release.predicate["made_at"], release.subject["log_position"], release.id

    return sorted(store.kept(home.boards), key=moment)


def _changed_ranks(a: Release, b: Release) -> int:
    """Ranks that are not the same, or are on one side only."""
    before, after = (
        {
            tuple(row[name] for name in store.KEY): row["rank"]
            for row in one.rows().select([*store.KEY, "rank"]).to_pylist()
        }
        for one in (a, b)
    )
    return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())
