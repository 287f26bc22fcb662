"""Reproducing a release: making it again from the log in a scratch directory, to compare hashes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from ingestion.log.held_files import require_whole_log
from orchestration.about_study import about_study
from orchestration.building import Workspace, rate, read_release, scratch, transform
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.boards.aapor import digest
from publishing.boards.checking import ATTESTED, check, first_difference, taken_from
from publishing.boards.designs import project_with
from publishing.boards.inputs import cut_of, from_micro, other_log, require_same_log
from publishing.boards.own_code import require_own_code
from publishing.boards.program import code_changes, code_hash, installed, lock_hash, version_changes
from publishing.boards.statement import ABOUT
from publishing.boards.store import KEY, canonical, identity, under_names_of
from publishing.counted import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.paths import Home
    from publishing.boards.store import Release

NAMES_SHOWN = 8


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Args:
        release_id: the release that was asked for.
        rebuilt_id: what the log gives here and now.
        findings: what is wrong with the kept files or the log.
        notes: what is not as it was when the release was made: code, dependencies, design.
        differences: inputs that differ, then the first row that does.
        erased_since: erasures since it was made, of what it may have used.
        is_signed: by a key that is trusted here.
    """

    release_id: str
    rebuilt_id: str
    findings: tuple[str, ...]
    notes: tuple[str, ...]
    differences: tuple[str, ...]
    erased_since: int
    is_signed: bool

    @property
    def is_reproduced(self) -> bool:
        """The same hash, and nothing wrong with what is kept under it."""
        return self.release_id == self.rebuilt_id and not self.findings

    @property
    def is_attested(self) -> bool:
        """Not the same hash, for which there is a reason; a trusted key says what it was."""
        is_excused = self.erased_since > 0 and self.is_signed and not self.findings
        return is_excused and not self.is_reproduced


def reproduce(
    home: Home,
    release: Release,
    *,
    trusted: Sequence[Ed25519PublicKey] = (),
    step: Callable[[str], None] = lambda _name: None,
) -> Reproduction:
    """Make a kept release again and compare; check what `trusted` keys signed.

    Raises:
        IntegrityError: the log ends before the release's position, or a file of it is not what its
            commit says, or the release cannot be read, or other code is loaded than this program's.
    """
    require_own_code()
    log = EventLog.open(home.log)
    checked = check(release, trusted)
    is_whole = not any(finding.startswith("board.json") for finding in checked.findings)
    # Where board.json is not whole, the statement has the same inputs.
    document = checked.document if is_whole else None
    subject = release.subject if document is None else document["subject"]
    mismatch = other_log(log, subject)
    taken = len(taken_from(log, release))
    notes = [*_notes(release, taken)]
    with scratch(home) as root:
        try:
            project = project_with(home.boards, subject["design_hash"], PROJECT_DIRECTORY, root)
        except NotFoundError as error:
            notes.append(f"{error} Rebuilt with the present design.")
            project = PROJECT_DIRECTORY
        workspace = Workspace(root, project)
        step("transform")
        _transform(workspace, log, subject, home)
        step("rate")
        rate(workspace, log, from_micro(subject["parameters"]), is_board_alone=True)
        rebuilt, rows = read_release(workspace)
        if checked.document is not None:
            rows = under_names_of(rows, checked.document["columns"])
        about = about_study(workspace.database, workspace.project, rebuilt)
    require_own_code()
    require_whole_log(log, subject["log_position"])
    differences = [
        f"{name}: {subject.get(name)} in the release, {rebuilt.get(name)} rebuilt"
        for name in sorted(subject.keys() | rebuilt.keys())
        if subject.get(name) != rebuilt.get(name)
    ]
    if checked.document is not None:
        differences += _first_row(checked.document, rows)
    notes += _of_about(release, about)
    return Reproduction(
        release.id,
        identity(canonical(rebuilt, rows)),
        (*checked.findings, *([mismatch] if mismatch else [])),
        tuple(notes),
        tuple(differences),
        erased_since=taken,
        is_signed=checked.opened is not None and bool(checked.opened.verified),
    )


def _transform(workspace: Workspace, log: EventLog, subject: Mapping[str, Any], home: Home) -> None:
    """What a release is made of, without tests: those ran when it was made."""
    cut = cut_of(subject)
    transform(workspace, log, cut, loads=home.loads, is_tested=False, is_board_alone=True)


def _of_about(release: Release, about: Mapping[str, Any]) -> Iterator[str]:
    """What the release says of the study, where the log says otherwise here and now."""
    with suppress(IntegrityError):
        said = release.predicate.get(ABOUT)
        if said is not None and said != about:
            yield (
                "What the study discloses of itself is not what the log gives here and now: its"
                f" items differ, or their words; rebuilt, its SHA-256 is {digest(about)}."
            )


def remade_about(home: Home, release: Release) -> dict[str, Any]:
    """What the study of a release discloses of itself, made from the log and the kept design.

    Raises:
        IntegrityError: the log is not the one that the release was made from.
        NotFoundError: the design was not kept.
    """
    log, subject = EventLog.open(home.log), release.subject
    require_same_log(log, subject)
    with scratch(home) as root:
        project = project_with(home.boards, subject["design_hash"], PROJECT_DIRECTORY, root)
        workspace = Workspace(root, project)
        _transform(workspace, log, subject, home)
        return about_study(workspace.database, workspace.project, subject)


def _first_row(document: Mapping[str, Any], rows: pa.Table) -> Iterator[str]:
    """The first row in which a board.json and rebuilt rows differ; at most one sentence."""
    columns = document["columns"]
    if set(columns) != set(rows.column_names):
        changed = ", ".join(sorted(set(columns) ^ set(rows.column_names)))
        yield f"columns that only one of the two has: {changed}"
    elif found := first_difference(document, rows):
        key, kept, made = found
        named = ", ".join(f"{name} {value}" for name, value in zip(KEY, key, strict=True))
        if made is None:
            what = f"{named} is in the release, but not rebuilt"
        elif kept is None:
            what = f"{named} is rebuilt, but not in the release"
        else:
            values = (
                f"{name} {kept[name]} in the release, {made[name]} rebuilt"
                for name in columns
                if kept[name] != made[name]
            )
            what = f"{named}: {'; '.join(values)}"
        yield f"first row that differs: {what}"


def code_notes(boards: Path, made_by: Mapping[str, Any]) -> Iterator[str]:
    """What made a release, where that is not what is here.

    Args:
        boards: where releases are kept, each with the list of files it was made by.
        made_by: what the release's statement says.
    """
    if made_by["code_sha256"] != code_hash():
        changes = code_changes(boards, made_by["code_sha256"])
        said = "" if changes is None else f" Files that differ: {listed(changes, NAMES_SHOWN)}."
        yield (
            f"Made by other code: version {made_by['code_version']}, "
            f"{made_by['code_sha256'][:12]}; this is {code_hash()[:12]}.{said}"
        )
    if made_by["dependency_lock_sha256"] != lock_hash():
        yield "Made with other versions of the dependencies: requirements.lock differs."
    if found := version_changes(made_by.get("dependencies") or installed()):
        yield f"Made with other libraries than are installed: {listed(found, NAMES_SHOWN)}."


def _notes(release: Release, taken: int) -> Iterator[str]:
    """What made it, where that is not what is here; and what was erased since."""
    with suppress(IntegrityError, KeyError):
        yield from code_notes(release.directory.parent, release.predicate["made_by"])
    if taken:
        yield (
            f"{taken:,} erasures since it was made took away what it may have used: where it is not"
            f" the same, it is {ATTESTED}."
        )
