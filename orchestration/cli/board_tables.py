"""Boards as people read them: a list, one board, a reproduction, a difference.

What stays out: the commands (boards.py).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from publishing.boards.erasures import ATTESTED

if TYPE_CHECKING:
    from rich.table import Table

    from orchestration.reproduction import Reproduction

ID_DIGITS = 12
STEPS = {
    "transform": "Building state, strata and counts (dbt)",
    "rate": "Rating every tournament",
}
CAUSE_STEPS = {
    "new_battles": "Board A with B's battles",
    "retractions": "Board A with B's retractions",
    "corrections": "Board A with B's corrections",
    "exclusions": "Board A with B's exclusions",
    "answers": "Board A with B's answers of participants",
    "other_events": "Board A with B's other events",
    "design": "Board A with B's study design",
    "valid_time": "Board A with B's cut in valid time",
    "parameters": "Board A with B's parameters",
    "remade": "The boards by the present code, without who was erased since",
}


def boards(listed: list[dict[str, Any]]) -> None:
    """One line per board."""
    table = _table("board", ">position", "valid until", "made at", "code", "signed", "sources")
    for row in listed:
        table.add_row(
            row["board_id"][:ID_DIGITS] + (" *" if row["is_current"] else ""),
            str(row["log_position"]),
            row["valid_until"] or "",
            row["made_at"],
            row["code_version"],
            "yes" if row["is_signed"] else "no",
            ", ".join(row["sources"]),
        )
    _print(table)
    if any(row["is_current"] for row in listed):
        _print("* current: what `demoscope leaderboard` shows")


def board(document: dict[str, Any]) -> None:
    """What a board was made from, and whether it is whole."""
    lines = {"board": document["board_id"]}
    if "board" in document:
        subject, log, made_by = document["board"], document["log"], document["made_by"]
        lines |= {
            "log": log["origin"],
            "log position": subject["log_position"],
            "log head": subject["log_head_hash"],
            "log root": log["root_sha256"],
            "valid until": subject["valid_until"] or "no cut",
            "study design": subject["design_hash"],
            "sources": ", ".join(subject["sources"]),
            "simulated": "yes" if subject["is_simulated"] else "no",
            "made at": document["made_at"],
            "code": f"{made_by['code_version']} {made_by['code_sha256']}",
            "dependencies": made_by["dependency_lock_sha256"],
            "made on": f"Python {made_by['python']}, {made_by['platform']}",
        }
    lines["rows"] = document["row_count"]
    signature = document["signature"]
    if signature is None:
        lines["signed"] = "no"
    else:
        for name in signature["key_ids"]:
            is_checked = name in signature["verified_by"]
            lines["signed"] = f"by {name[:16]}, " + (
                "checked" if is_checked else "not checked (--key PUBLIC.pem)"
            )
    if document["erasures_since"]:
        lines["standing"] = f"{ATTESTED}: erasures took away what it may have used"
    for name, value in lines.items():
        _print(f"{name:<14}{value}")
    for finding in document["findings"]:
        _print(f"{'WRONG':<14}{finding}")
    if not document["findings"]:
        _print(f"{'files':<14}whole: each agrees with the board's id")


def reproduction(made: Reproduction) -> None:
    """Whether the same hash came out, and if not, where the two part."""
    for note in made.notes:
        _print(f"note: {note}")
    for finding in made.findings:
        _print(f"WRONG: {finding}")
    _print(f"board    {made.board_id}")
    _print(f"rebuilt  {made.rebuilt_id}")
    for difference_ in made.differences:
        _print(f"  {difference_}")
    if made.is_attested:
        _print(f"{ATTESTED}: signed as it was published, and made from what is erased now")
    else:
        _print("reproduced, bit for bit" if made.is_reproduced else "NOT reproduced")


def difference(document: dict[str, Any]) -> None:
    """Which ranks changed, and by how many places each cause moves a model by itself."""
    _boards_and_causes(document)
    names = list(
        dict.fromkeys(name for row in document["changes"] for name in row.get("by_cause", {}))
    )
    is_every = document["leaderboard"] is None
    table = _table(*(["leaderboard"] if is_every else []), ">rank", "model", ">skill")
    for name in names:
        table.add_column(name, justify="right")
    for row in document["changes"]:
        where = f"{row['weighting']} {row['stratum_id']} {row['dimension']} {row['estimator']}"
        cells = [where] if is_every else []
        cells += [_from_to(row), row["model_id"], _skill(row)]
        if "came_by" in row:
            cells.append(f"by {', '.join(row['came_by']) or 'causes together'}")
        else:
            cells += [f"{row['by_cause'][name]['rank_change']:+d}" for name in names]
        table.add_row(*cells[: len(table.columns)])
    if not is_every:
        _print(", ".join(f"{name} {value}" for name, value in document["leaderboard"].items()))
    if document["changes"]:
        _print(table)
        _print("places by each cause alone; minus is up; interaction: what they do only together")
    else:
        _print("no rank changed")
    others = document["rank_change_count"] - len(document["changes"])
    if others:
        _print(f"{others:,} more ranks changed on other leaderboards (--all)")


def _boards_and_causes(document: dict[str, Any]) -> None:
    for name in ("a", "b"):
        one = document[name]
        until = f", valid until {one['valid_until']}" if one["valid_until"] else ""
        _print(
            f"{name.upper()}  {one['board_id'][:ID_DIGITS]}  "
            f"log position {one['log_position']}{until}"
        )
    for cause in document["causes"]:
        count = cause["event_count"]
        _print(f"  {cause['label']}" + ("" if count is None else f": {count:+,} events"))
    if document["is_other_code"]:
        _print("  made by other code than this; what that changes is named `remade`")
    if document["erased_participant_count"]:
        count = document["erased_participant_count"]
        _print(f"  {count:,} erasures since they were made; what they change is named `remade`")


def _from_to(row: dict[str, Any]) -> str:
    first, last = ("-" if row[f"rank_{name}"] is None else row[f"rank_{name}"] for name in "ab")
    return f"{first} > {last}"


def _skill(row: dict[str, Any]) -> str:
    return f"{row['skill_change']:+.3f}" if "skill_change" in row else ""


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in names:
        justify: Any = "right" if name.startswith(">") else "left"
        table.add_column(name.removeprefix(">"), justify=justify, no_wrap=True)
    return table


def _print(what: Table | str) -> None:
    if isinstance(what, str):
        print(what)  # noqa: T201 (the command's output)
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(what)
