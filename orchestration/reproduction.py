"""Reproducing a board: made again from the log in a scratch directory, and compared hash with hash.

What stays out: whether the kept files are what they were (checking.py), of which this says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from orchestration.building import Workspace, rate, read_board, scratch, transform
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.boards.checking import Checked, check
from publishing.boards.designs import project_with
from publishing.boards.erasures import ATTESTED, taken_from
from publishing.boards.identity import KEY, canonical, identity
from publishing.boards.inputs import cut_of, from_micro, head_hash
from publishing.boards.statement import code_hash, lock_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ingestion.paths import Home
    from publishing.boards.store import Board


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Args:
        board_id: the board that was asked for.
        rebuilt_id: what the log gives here and now.
        findings: what is wrong with the kept files or the log.
        notes: what is not as it was when the board was made: code, dependencies, design.
        differences: inputs that differ, then the first row that does.
        erased_since: erasures since it was made, of what it may have used.
        is_signed: by a key that is trusted here.
    """

    board_id: str
    rebuilt_id: str
    findings: tuple[str, ...]
    notes: tuple[str, ...]
    differences: tuple[str, ...]
    erased_since: int
    is_signed: bool

    @property
    def is_reproduced(self) -> bool:
        """The same hash, and nothing wrong with what is kept under it."""
        return self.board_id == self.rebuilt_id and not self.findings

    @property
    def is_attested(self) -> bool:
        """Not the same hash, for which there is a reason; a trusted key says what it was."""
        is_excused = self.erased_since > 0 and self.is_signed and not self.findings
        return is_excused and not self.is_reproduced


def reproduce(
    home: Home,
    board: Board,
    *,
    trusted: Sequence[Ed25519PublicKey] = (),
    step: Callable[[str], None] = lambda _name: None,
) -> Reproduction:
    """Make a board again and compare.

    Args:
        home: the warehouse.
        board: a kept board.
        trusted: keys whose signature on its statement is checked.
        step: called with the name of each step as it begins.

    Raises:
        IntegrityError: the log ends before the board's position, or the board cannot be read.
    """
    log = EventLog.open(home.log)
    checked = check(board, trusted)
    subject = _subject_of(board, checked)
    findings = [*checked.findings, *_of_log(log, subject)]
    taken = len(taken_from(log, board))
    notes = [*_notes(board), *_of_the_erased(taken)]
    with scratch(home) as root:
        try:
            project = project_with(home.boards, subject["design_hash"], root)
        except NotFoundError as error:
            notes.append(f"{error} Rebuilt with the present design.")
            project = PROJECT_DIRECTORY
        rebuilt, rows = rebuild(home, log, subject, Workspace(root, project), step)
    content = canonical(rebuilt, rows)
    differences = [*_inputs_that_differ(subject, rebuilt)]
    if checked.document is not None:
        differences += first_difference(checked.document, rows)
    return Reproduction(
        board.board_id,
        identity(content),
        tuple(findings),
        tuple(notes),
        tuple(differences),
        erased_since=taken,
        is_signed=checked.opened is not None and bool(checked.opened.verified),
    )


def rebuild(
    home: Home,
    log: EventLog,
    subject: Mapping[str, Any],
    workspace: Workspace,
    step: Callable[[str], None] = lambda _name: None,
) -> tuple[dict[str, Any], pa.Table]:
    """Subject and rows that the inputs in a subject give here and now."""
    step("transform")
    transform(workspace, log, cut_of(subject), loads=home.loads, is_tested=False)
    step("rate")
    rate(workspace, log, from_micro(subject["parameters"]), is_board_alone=True)
    return read_board(workspace)


def first_difference(document: Mapping[str, Any], rows: pa.Table) -> Iterator[str]:
    """The first row, by key, in which a board.json and rebuilt rows differ; at most one sentence.

    Args:
        document: board.json, parsed.
        rows: with the same columns, unless made by other code.
    """
    columns = document["columns"]
    if set(columns) != set(rows.column_names):
        changed = ", ".join(sorted(set(columns) ^ set(rows.column_names)))
        yield f"columns that only one of the two has: {changed}"
        return
    named = (dict(zip(columns, row, strict=True)) for row in document["rows"])
    kept = {_key(row): row for row in named}
    made = {_key(row): row for row in rows.to_pylist()}
    for key in sorted(kept.keys() | made.keys()):
        if key not in made:
            yield f"first row that differs: {_named(key)} is on the board, but not rebuilt"
            return
        if key not in kept:
            yield f"first row that differs: {_named(key)} is rebuilt, but not on the board"
            return
        values = [
            f"{name} {kept[key][name]} on the board, {made[key][name]} rebuilt"
            for name in columns
            if kept[key][name] != made[key][name]
        ]
        if values:
            yield f"first row that differs: {_named(key)}: {'; '.join(values)}"
            return


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def _named(key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(KEY, key, strict=True))


def _subject_of(board: Board, checked: Checked) -> dict[str, Any]:
    """The inputs: of board.json where it is whole, else as the statement has them."""
    is_whole = not any(finding.startswith("board.json") for finding in checked.findings)
    if checked.document is not None and is_whole:
        subject: dict[str, Any] = checked.document["subject"]
        return subject
    return board.subject


def _of_log(log: EventLog, subject: Mapping[str, Any]) -> Iterator[str]:
    position, head = subject["log_position"], log.chain.head_seq
    if position > head:
        message = f"The board is of log position {position}, but the log ends at {head}."
        raise IntegrityError(message, remedy="Its tail was cut off, or it is another log.")
    if head_hash(log, position) != subject["log_head_hash"]:
        yield f"Commit {position} of the log is not the one the board was made from."


def _notes(board: Board) -> Iterator[str]:
    """What made it, where that is not what is here."""
    try:
        made_by = board.predicate["made_by"]
    except (IntegrityError, KeyError):
        return
    if made_by["code_sha256"] != code_hash():
        yield (
            f"Made by other code: version {made_by['code_version']}, "
            f"{made_by['code_sha256'][:12]}; this is {code_hash()[:12]}."
        )
    if made_by["dependency_lock_sha256"] != lock_hash():
        yield "Made with other versions of the dependencies: requirements.lock differs."


def _of_the_erased(taken: int) -> Iterator[str]:
    if taken:
        yield (
            f"{taken:,} erasures since it was made took away what it may have used: where it is not"
            f" the same, it is {ATTESTED}."
        )


def _inputs_that_differ(kept: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(kept.keys() | made.keys()):
        if kept.get(name) != made.get(name):
            yield f"{name}: {kept.get(name)} on the board, {made.get(name)} rebuilt"
