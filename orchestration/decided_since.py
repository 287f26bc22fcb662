"""What was decided otherwise from one kept release to the next, and how many ranks differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.boards import store
from publishing.boards.changes import decisions
from publishing.boards.checking import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.paths import Home
    from publishing.boards.changes import Decision
    from publishing.boards.store import Release

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Decided:
    """What the kept releases say.

    Args:
        pairs: releases, in the order in which they were made, between which a decision changed:
            `from_release_id`, `to_release_id`, `made_at` of the second, `changed_rank_count`
            (whatever changed them: events may have, too), `decisions` (changes.Decision), and
            `not_known`: why rows cannot be named, where they cannot.
        faults: what is wrong with a kept release. One that was changed is compared with none.
        release_count: how many were compared.
    """

    pairs: list[dict[str, Any]]
    faults: list[str]
    release_count: int


def decided_since(home: Home, trusted: Sequence[Ed25519PublicKey] = ()) -> Decided:
    """Check every kept release, and compare each with the one made before it.

    Args:
        home: the warehouse.
        trusted: keys whose signatures are judged.
    """
    whole, faults = [], []
    for release in store.kept(home.boards):
        found = check(release, trusted).findings or _of_shape(release)
        faults += [f"Release {release.id[:12]}: {finding}" for finding in found]
        if not found:
            whole.append(release)
    pairs = [_between(home, a, b) for a, b in pairwise(sorted(whole, key=_moment))]
    told = [pair for pair in pairs if pair["decisions"] or pair["not_known"]]
    return Decided(told, faults, len(whole))


def _between(home: Home, a: Release, b: Release) -> dict[str, Any]:
    changed: list[Decision] = []
    not_known: str | None = None
    try:
        changed = decisions(home.boards, PROJECT_DIRECTORY, a, b)
    except (NotFoundError, IntegrityError) as error:
        not_known = error.message
    return {
        "from_release_id": a.id,
        "to_release_id": b.id,
        "made_at": b.predicate["made_at"],
        "changed_rank_count": _changed_ranks(a, b) if changed or not_known else 0,
        "decisions": changed,
        "not_known": not_known,
    }


def _of_shape(release: Release) -> list[str]:
    """What a comparison reads and a whole release of somebody else's making may not have."""
    try:
        said, subject = release.predicate, release.subject
        is_read = {
            "made_at": TIME.fullmatch(said["made_at"]),
            "made_by": isinstance(said["made_by"]["code_sha256"], str),
            "log_position": isinstance(subject["log_position"], int),
            "design_hash": store.ID.fullmatch(subject["design_hash"]),
            "parameters": isinstance(subject["parameters"], dict),
        }
    except (IntegrityError, KeyError, TypeError) as error:
        return [f"{store.STATEMENT_FILE} cannot be read: {error!r}."]
    wrong = [name for name, is_good in is_read.items() if not is_good]
    return [f"{store.STATEMENT_FILE} has no such {name} as a build writes." for name in wrong]


def _moment(release: Release) -> tuple[Any, ...]:
    return release.predicate["made_at"], release.subject["log_position"], release.id


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
