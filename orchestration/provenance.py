"""The probe of provenance: whether what is shown is what was recorded, and who can vouch for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expectations import accounts
from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from orchestration.building import Workspace
from orchestration.consistency_check import require_consistency, require_unchanged
from orchestration.database import open_database
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.evidence import loss
from orchestration.load_report import recorded_counts
from publishing.boards.changes import not_yet_built
from publishing.boards.checking import check
from publishing.boards.finding import Finding
from publishing.boards.inputs import other_log
from publishing.boards.own_code import require_own_code
from publishing.counted import counted
from publishing.publications.catalogue import declared_marts, public_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.log.checkpoint import Checkpoint
    from ingestion.log.verification import Verification
    from ingestion.paths import Home
    from orchestration.decided_since import Decided
    from publishing.boards.statement import Opened
    from publishing.boards.store import Release

PROBE = "provenance"
NAMED = 3
"""So many faults are named; the others are counted."""


@dataclass(frozen=True)
class Evidence:
    """What somebody outside has kept, and brings.

    Args:
        keys: whose signature of the release is checked.
        is_key_named: whether the release must be signed by one of them.
        checkpoint: of the log, its signature checked.
        witnesses: who cosigned it, as a policy asks, and when.
    """

    keys: Sequence[Ed25519PublicKey] = ()
    is_key_named: bool = False
    checkpoint: Checkpoint | None = None
    witnesses: Mapping[str, str] = field(default_factory=dict)


def provenance(
    home: Home, release: Release, evidence: Evidence, decided: Decided, *, is_current: bool
) -> Finding:
    """Whether log, release and tables are what they were, and what was decided otherwise since.

    Found where a file of the log, of a kept release or of the refused rows is not what its hash
    says, where tables are not those of the release, and where a target, scheme, policy, parameter
    or the code differs between kept releases whose ranks differ, or a seed from those here.
    `figures["altered"]` has the faults of stored data. It can't tell where nothing is wrong, and
    neither a key nor a checkpoint was brought that holds: then nobody but the operator vouches for
    any of it. A key that lies here is the operator's, who may have made another and signed again.

    Args:
        home: the warehouse.
        release: the one that is audited.
        evidence: what the auditor brings.
        decided: what kept releases say.
        is_current: whether the last build made it, so that tables and seeds are compared with it.
    """
    log, report, altered = _of_log(home, evidence.checkpoint)
    opened, faults = _of_release(release, evidence)
    altered += [*_of_code(), *faults]
    altered += [fault for fault in decided.faults if fault not in faults]
    if log is not None:
        altered += _of_another(log, release)
    if is_current and (changed := not_of(home, release)):
        altered.append(changed)
    changed_here, not_known = _changed_here(home, release) if is_current else ([], None)
    moved = [one for one in decided.pairs if one["changed_rank_count"] or one["not_known"]]
    is_found = bool(altered or moved or changed_here)
    signed_by = list(opened.verified) if opened else []
    vouched = bool((signed_by and evidence.is_key_named) or evidence.checkpoint)
    figures: dict[str, Any] = {
        "altered": altered,
        "commit_count": report.commit_count if report else 0,
        "event_count": report.event_count if report else 0,
        "is_signed": bool(signed_by),
        "signed_by": signed_by,
        "checkpoint_commit_count": evidence.checkpoint and evidence.checkpoint.size,
        "witnesses": dict(evidence.witnesses),
        "decided_since_count": len(decided.pairs),
        "decided_since_with_other_ranks": len(moved),
        "changed_here": [one.as_json() for one in changed_here],
    }
    sentences = [
        *_altered(altered),
        *([] if altered else [_whole(figures)]),
        _signature(opened, evidence, release),
        _checkpoint(evidence),
        _decided(len(decided.pairs), len(moved), decided.release_count),
    ]
    if changed_here:
        first = f"the first is {changed_here[0]}"
        sentences.append(
            f"The seeds here differ from the release's in {counted(len(changed_here), 'place')}"
            f" ({first}): the next build decides otherwise."
        )
    if not_known:
        sentences.append(f"Whether the seeds here differ can't be told: {not_known}")
    status = is_found or (False if vouched and not not_known else None)
    return Finding(PROBE, status, " ".join(sentences), figures)


def not_of(home: Home, release: Release) -> str | None:
    """Why the tables of the last build are not those of a release; None where they are.

    Raises:
        BusyError: a build has the database open.
    """
    if not home.database.exists():
        return f"The tables of release {release.id[:12]} are gone: build again."
    workspace = Workspace(home.root)
    tables = public_tables(declared_marts(workspace.project))
    try:
        with open_database(home.database, is_read_only=True) as connection:
            require_consistency(connection, workspace, release)
            require_unchanged(connection, release, tables)
    except (IntegrityError, NotFoundError) as error:
        return error.message
    return None


def _of_log(
    home: Home, checkpoint: Checkpoint | None
) -> tuple[EventLog | None, Verification | None, list[str]]:
    altered = [f"{lost}." for lost in (loss(home),) if lost is not None]
    if not home.log.exists():
        return None, None, altered or [f"There is no log in {home.root}."]
    log = EventLog.open(home.log)
    report = log.verify(checkpoint)
    found = list(report.findings)
    if not found:
        is_here = home.quarantine.is_dir() or home.vault.is_dir()
        recorded = recorded_counts(home.loads)
        found = accounts.check(log, home.quarantine, home.loads, recorded, is_here=is_here)[0]
    return log, report, altered + [f"{one}." for one in found]


def _of_code() -> list[str]:
    try:
        require_own_code()
    except IntegrityError as error:
        return [error.message]
    return []


def _of_another(log: EventLog, release: Release) -> list[str]:
    try:
        other = other_log(log, release.subject)
    except IntegrityError as error:
        other = error.message
    return [] if other is None else [other]


def _of_release(release: Release, evidence: Evidence) -> tuple[Opened | None, list[str]]:
    checked = check(release, evidence.keys)
    faults = [f"Release {release.id[:12]}: {finding}" for finding in checked.findings]
    if evidence.is_key_named and not (checked.opened and checked.opened.verified):
        faults.append(f"Release {release.id[:12]} isn't signed by a key that was named.")
    return checked.opened, faults


def _changed_here(home: Home, release: Release) -> tuple[list[Any], str | None]:
    try:
        return not_yet_built(home.boards, PROJECT_DIRECTORY, release), None
    except (NotFoundError, IntegrityError) as error:
        return [], error.message


def _altered(altered: Sequence[str]) -> Iterator[str]:
    yield from altered[:NAMED]
    if (more := len(altered) - NAMED) > 0:
        yield f"And {more:,} more (--json)."


def _whole(figures: Mapping[str, Any]) -> str:
    commits, events = counted(figures["commit_count"], "commit"), figures["event_count"]
    return f"Every hash of the log ({commits}, {events:,} events) and of the release holds."


def _signature(opened: Opened | None, evidence: Evidence, release: Release) -> str:
    if opened is None and release.has_signature:
        return "The release's signature can't be read."
    if opened is None or not opened.key_ids:
        return "The release isn't signed."
    if not opened.verified:
        return "A signature is there, but whose can't be told without its key: --key PUBLIC.pem."
    signed = f"The release is signed by {opened.verified[0][:16]}, checked"
    if evidence.is_key_named:
        return f"{signed}."
    return f"{signed} by the operator's key that is here: bring the one you were given (--key)."


def _checkpoint(evidence: Evidence) -> str:
    if evidence.checkpoint is None:
        return (
            "No checkpoint that was kept elsewhere is named, so whether the log was rewritten from"
            " its start can't be told: --checkpoint FILE --policy FILE."
        )
    held = f"It is compared with a checkpoint of {counted(evidence.checkpoint.size, 'commit')}"
    if not evidence.witnesses:
        return f"{held}; whether witnesses cosigned that wasn't asked (--policy FILE)."
    names = ", ".join(f"{name} ({time})" for name, time in evidence.witnesses.items())
    return f"{held}, cosigned by {names}."


def _decided(changes: int, moved: int, releases: int) -> str:
    if changes:
        before = counted(changes, "kept release")
        ranks = "ranks differ" if moved else "no rank differs"
        return (
            f"Targets, schemes, policies, parameters or code were changed before {before}, and"
            f" {ranks}: see below."
        )
    if not releases:
        return "No kept release is whole, so no decision can be compared."
    if releases == 1:
        return "One release is kept, so no earlier decision can be compared."
    return f"No target, scheme, policy, parameter or code differs between {releases} releases."
