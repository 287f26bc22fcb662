"""`demoscope boards list|show|reproduce|diff`: what an auditor asks of boards that are kept.

What stays out: checking, reproducing and comparing (publishing/boards); tables
(board_tables.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.cli import board_tables
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from orchestration.difference import Change
    from publishing.boards.checking import Checked
    from publishing.boards.store import Board

app = typer.Typer(no_args_is_help=True, help="List, check, reproduce and compare boards.")
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
BOARD = Annotated[str, typer.Argument(help="8 or more digits of its id, or `current`.")]
KEYS = Annotated[
    list[Path] | None,
    typer.Option("--key", help="Public key (PEM) whose signature is checked.", show_default=False),
]


@app.command("list")
def list_boards(*, as_json: AS_JSON = False) -> None:
    """List the boards that are kept, by log position."""
    from publishing.boards import store

    boards = Home.from_environment().boards
    current = (boards / store.CURRENT).resolve().name
    listed = sorted(
        (_listed(board, is_current=board.board_id == current) for board in store.kept(boards)),
        key=lambda row: (row["log_position"], row["valid_until"] or "", row["made_at"]),
    )
    if as_json:
        print_json({"boards": listed})
    else:
        board_tables.boards(listed)


@app.command()
def show(board: BOARD, *, key: KEYS = None, as_json: AS_JSON = False) -> None:
    """Say what a board was made from, and check its files; exit 5 where one was changed."""
    from publishing.boards import store
    from publishing.boards.checking import check

    home = Home.from_environment()
    kept = store.by_id(home.boards, board)
    checked = check(kept, _trusted(home, key))
    signature = _signature(checked)
    is_signed = signature is not None and bool(signature["verified_by"])
    findings = [*checked.findings, *_unverified(key, is_signed=is_signed)]
    said = {} if any("statement.json cannot" in text for text in findings) else kept.predicate
    document = {
        "board_id": kept.board_id,
        "is_whole": not findings,
        "findings": findings,
        "signature": signature,
        "row_count": None if checked.document is None else len(checked.document["rows"]),
        "erasures_since": _erasures_since(home, kept) if said else None,
        **said,
    }
    if as_json:
        print_json({"board": document})
    else:
        board_tables.board(document)
    if findings:
        raise typer.Exit(IntegrityError.exit_code)


@app.command()
def reproduce(board: BOARD, *, key: KEYS = None, as_json: AS_JSON = False) -> None:
    """Make a board again from the log and compare hash with hash; exit 5 where they differ.

    Exit 1 where they differ because people were erased since, and its signature is checked.
    """
    from orchestration.reproduction import reproduce as run
    from publishing.boards import store

    home = Home.from_environment()
    kept = store.by_id(home.boards, board)
    made = run(home, kept, trusted=_trusted(home, key), step=_step(board_tables.STEPS))
    if as_json:
        print_json(
            {
                "board_id": made.board_id,
                "rebuilt_id": made.rebuilt_id,
                "is_reproduced": made.is_reproduced,
                "is_attested": made.is_attested,
                "erasures_since": made.erased_since,
                "findings": list(made.findings),
                "notes": list(made.notes),
                "differences": list(made.differences),
            }
        )
    else:
        board_tables.reproduction(made)
    if not made.is_reproduced:
        raise typer.Exit(1 if made.is_attested else IntegrityError.exit_code)


@app.command()
def diff(
    a: BOARD,
    b: BOARD,
    *,
    dimension: Annotated[str | None, typer.Option(help="Only this dimension.")] = None,
    stratum: Annotated[str | None, typer.Option(help="Only this stratum.")] = None,
    estimator: Annotated[str | None, typer.Option(help="Only this estimator.")] = None,
    weighting: Annotated[str | None, typer.Option(help="Only this weighting.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every leaderboard, not only the one people see first.")
    ] = False,
    as_json: AS_JSON = False,
) -> None:
    """Explain every rank that changed from board A to board B, one cause at a time."""
    from orchestration.difference import difference
    from publishing.boards import store
    from publishing.boards.identity import KEY
    from publishing.boards.view import first_leaderboard

    home = Home.from_environment()
    boards = store.by_id(home.boards, a), store.by_id(home.boards, b)
    found = difference(home, *boards, step=_step(board_tables.CAUSE_STEPS))
    chosen = {
        "dimension": dimension, "stratum_id": stratum, "estimator": estimator,
        "weighting": weighting,
    }  # fmt: skip
    wanted = {name: value for name, value in chosen.items() if value is not None}
    if not every:
        wanted = first_leaderboard(boards[1], **chosen)
    of_rank = [change for change in found.changes if change.is_of_rank]
    shown = sorted((one for one in of_rank if _is_of(one, KEY, wanted)), key=_by_rank)
    document = {
        "a": {"board_id": boards[0].board_id, **boards[0].subject},
        "b": {"board_id": boards[1].board_id, **boards[1].subject},
        "is_other_code": found.is_other_code,
        "erased_participant_count": found.erased_count,
        "causes": [
            {
                "name": cause.name,
                "label": cause.label,
                "event_count": found.event_counts.get(cause.name),
            }
            for cause in found.causes
        ],
        "leaderboard": None if every else wanted,
        "rank_change_count": len(of_rank),
        "changes": [change.as_json() for change in shown],
    }
    if as_json:
        print_json(document)
    else:
        board_tables.difference(document)


def _is_of(change: Change, names: tuple[str, ...], wanted: dict[str, str]) -> bool:
    key = dict(zip(names, change.key, strict=True))
    return all(key[name] == value for name, value in wanted.items())


def _by_rank(change: Change) -> tuple[Any, ...]:
    """By leaderboard, then by rank on B; who is not there any more comes last."""
    rank = float("inf") if change.b is None else change.b[0]
    return (*change.key[:-1], rank, change.key[-1])


def _listed(board: Board, *, is_current: bool) -> dict[str, Any]:
    subject, predicate = board.subject, board.predicate
    return {
        "board_id": board.board_id,
        "is_current": is_current,
        "log_position": subject["log_position"],
        "valid_until": subject["valid_until"],
        "design_hash": subject["design_hash"],
        "sources": subject["sources"],
        "is_simulated": subject["is_simulated"],
        "made_at": predicate["made_at"],
        "code_version": predicate["made_by"]["code_version"],
        "is_signed": (board.directory / "statement.dsse.json").exists(),
    }


def _trusted(home: Home, keys: list[Path] | None) -> list[Ed25519PublicKey]:
    """The keys a person names; else the one boards are signed with here."""
    from publishing.boards.signing import configured, public_key

    if keys:
        return [public_key(path) for path in keys]
    signer = configured(home.vault)
    return [] if signer is None else [signer.public]


def _signature(checked: Checked) -> dict[str, Any] | None:
    if checked.opened is None:
        return None
    return {
        "key_ids": list(checked.opened.key_ids),
        "verified_by": list(checked.opened.verified),
    }


def _erasures_since(home: Home, board: Board) -> int | None:
    """Erasures that took away what it may have used; None without a log that can be read."""
    from ingestion.errors import DemoscopeError
    from ingestion.log import EventLog
    from publishing.boards.erasures import taken_from
    from publishing.boards.inputs import require_same_log

    if not home.log.exists():
        return None
    try:
        log = EventLog.open(home.log)
        require_same_log(log, board.subject)
        return len(taken_from(log, board))
    except DemoscopeError:
        return None


def _unverified(keys: list[Path] | None, *, is_signed: bool) -> list[str]:
    """Who names a key wants its signature."""
    return [] if is_signed or not keys else ["No key that was named has signed it."]


def _step(labels: dict[str, str]) -> Any:
    return lambda name: say(f"{labels.get(name, name)} ...")
