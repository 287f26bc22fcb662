"""What vouches for a board and for the log it is from, checked when the page is built.

What stays out: the checks themselves (boards/checking.py, ingestion/log/verification.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.errors import DemoscopeError
from ingestion.log import EventLog
from orchestration.boards import store

if TYPE_CHECKING:
    from ingestion.log.verification import Verification
    from ingestion.paths import Home

SCHEMA_VERSION = 1


def verified_log(home: Home) -> Verification:
    """The whole log, checked from its bytes up."""
    return EventLog.open(home.log).verify()


def integrity(home: Home, board_id: str, verification: Verification) -> dict[str, Any]:
    """What the page says of a board's origin; written beside it as `integrity.json`.

    Args:
        home: the warehouse the board is kept in.
        board_id: of a kept board.
        verification: of the log as it is now.

    Raises:
        NotFoundError: no such board is kept.
        IntegrityError: its statement cannot be read.
    """
    board = store.by_id(home.boards, board_id)
    predicate = board.predicate
    return {
        "schema_version": SCHEMA_VERSION,
        "board_id": board_id,
        "is_signed": (board.directory / store.ENVELOPE_FILE).exists(),
        "made_by": predicate["made_by"],
        "log": predicate["log"],
        "parameters": board.subject["parameters"],
        "verification": {
            "is_whole": verification.is_ok,
            "commit_count": verification.commit_count,
            "event_count": verification.event_count,
            "head_sha256": verification.head_hash,
            "finding_count": len(verification.findings),
        },
        "checkpoint_key": _public_key(home),
    }


def _public_key(home: Home) -> str | None:
    """Who signs this log's checkpoints; null where nobody does yet."""
    from ingestion.log.keys import read_public_key

    if not home.log_public_key.exists():
        return None
    try:
        return str(read_public_key(home.log_public_key))
    except (DemoscopeError, OSError):
        return None


def in_words(manifest: dict[str, Any], record: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, value and whether it is code, in the order in which the page has them."""
    log, checked, made_by = record["log"], record["verification"], record["made_by"]
    whole = "whole" if checked["is_whole"] else f"NOT whole: {checked['finding_count']} findings"
    held = f"{checked['commit_count']:,} commits and {checked['event_count']:,} events"
    rows: list[tuple[str, Any, bool]] = [
        ("Board", record["board_id"], True),
        ("Log position", f"{manifest['log_position']}, recorded {manifest['recorded_at']}", False),
        ("Log head", log["head_sha256"], True),
        ("Merkle root", log["root_sha256"], True),
        ("Log checked", f"{whole}: {held}, from their bytes up, when this page was built", False),
        ("Checkpoints", record["checkpoint_key"] or "not signed yet", False),
        ("Signature", "signed" if record["is_signed"] else "not signed", False),
        ("Study design", manifest["design_hash"], True),
        ("Code", f"{made_by['code_version']} {made_by['code_sha256'][:16]}", True),
        ("Dependencies", made_by["dependency_lock_sha256"], True),
        ("Sources", ", ".join(manifest["sources"]), False),
    ]
    return [(name, str(value), is_code) for name, value, is_code in rows if value]
