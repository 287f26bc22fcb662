"""What the warehouse itself knows of its log: kept boards, publications and loads name commits.

A log that was rolled back or emptied is whole by itself. What was made from it says how long it was
and which commits it had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingestion.errors import DemoscopeError
from ingestion.json_object import parse_object
from ingestion.log.checkpoint import ORIGIN
from ingestion.log.layout import Layout
from publishing.boards.store import kept
from publishing.publications.store import published

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingestion.log import EventLog
    from ingestion.paths import Home

REMEDY = "Restore log/ from a backup that is not older than that."
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError),
    DemoscopeError,
)


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A file that names a commit of the log.

    Args:
        path: the file.
        at: when it was written, as it says; ISO 8601, UTC.
        position: the commit's number.
        head_hash: its SHA-256, where the file says so.
        origin: which log, where the file says so.
        batch_id: what the commit added, where the file says so.
    """

    path: Path
    at: str
    position: int
    head_hash: str | None = None
    origin: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True)
class Loss:
    """What the log does not hold although a file of the warehouse says it did."""

    witness: Witness
    what: str

    def __str__(self) -> str:
        return f"{self.what}; {self.witness.path} of {self.witness.at} says so"


def loss(home: Home) -> Loss | None:
    """What the newest witness to a loss says; None where the log holds all that is known of it.

    A log that is missing is not made.

    Raises:
        IntegrityError: the log cannot be opened.
    """
    from ingestion.log import EventLog

    log = EventLog.open(home.log) if Layout(home.log).format.exists() else None
    found = [Loss(one, what) for one in witnesses(home) if (what := _unlike(log, one)) is not None]
    return max(found, key=lambda one: (one.witness.at, one.witness.position), default=None)


def witnesses(home: Home) -> Iterator[Witness]:
    """Everything in the warehouse that names a commit; what cannot be read says nothing here."""
    for release in kept(home.boards):
        try:
            predicate = release.predicate
            said = predicate["log"]
            yield Witness(
                path=release.directory / "statement.json",
                at=str(predicate["made_at"]),
                position=int(said["position"]),
                head_hash=said["head_sha256"],
                origin=said["origin"],
            )
        except _UNREADABLE:
            continue
    for publication in published(home.marts):
        try:
            manifest = publication.manifest
            yield Witness(
                path=publication.directory / "manifest.json",
                at=str(manifest["recorded_at"]),
                position=int(manifest["log_position"]),
                head_hash=manifest["log_head_hash"],
            )
        except _UNREADABLE:
            continue
    for path in sorted(home.loads.glob("*.json")):
        try:
            record = parse_object(path.read_bytes())
            if record["position"] is not None:
                yield _of_load(path, record)
        except _UNREADABLE:
            continue


def _of_load(path: Path, record: dict[str, Any]) -> Witness:
    at = datetime.fromtimestamp(record["started_at_us"] / 1e6, UTC)
    is_its_own = record["status"] == "committed"
    return Witness(
        path=path,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        position=int(record["position"]),
        batch_id=record["batch_id"] if is_its_own else None,
    )


def _unlike(log: EventLog | None, said: Witness) -> str | None:
    """What the log does not have that a witness names; None where it has it."""
    if said.position < 1:
        return None
    if log is None:
        return f"There is no log, but it had {said.position} commits"
    if said.position > log.head_seq:
        return f"The log ends at commit {log.head_seq}, but it had {said.position}"
    is_other = said.origin not in (None, f"{ORIGIN}{log.origin.name}")
    if is_other or said.head_hash not in (None, log.hash_at(said.position)):
        return f"Commit {said.position} is not the one it was: another history is in its place"
    if said.batch_id not in (None, log.commit(said.position).batch_id):
        return f"Commit {said.position} does not hold the load that it held"
    return None
