"""What the page says of where a board is from, and of what vouches for it and for its log.

What stays out: the checks themselves, which were made with the marts (log_verification.py).
"""

from __future__ import annotations

from typing import Any

from orchestration.words import counted

CODE_DIGITS = 16


def in_words(publication: dict[str, Any], log: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, value and whether it is code, in the order in which the page has them.

    Args:
        publication: the row of `publication`.
        log: the row of `rpt_log_integrity`.
    """
    found = log["finding_count"]
    whole = "whole" if log["is_verified"] else f"NOT whole: {counted(found, 'finding')}"
    commits, events = (log[name] for name in ("log_position", "event_count"))
    held = f"{counted(commits, 'commit')} and {counted(events, 'event')}"
    key = log["checkpoint_key"]
    code = f"{publication['code_version']} {publication['code_sha256'][:CODE_DIGITS]}"
    rows: list[tuple[str, Any, bool]] = [
        ("Board", publication["board_id"], True),
        ("Log", held, False),
        ("Recorded", f"{_day(log['first_recorded_at'])} to {_day(log['last_recorded_at'])}", False),
        ("Log checked", f"{whole}, from the bytes up, when these figures were made", False),
        ("Log head", log["log_head_hash"], True),
        ("Merkle root", log["log_root_hash"], True),
        ("Checkpoints", key or "not signed yet", key is not None),
        ("Signature", "signed" if publication["is_signed"] else "not signed", False),
        ("Study design", publication["design_hash"], True),
        ("Code", code, True),
        ("Dependencies", publication["dependency_lock_sha256"], True),
        ("Sources", publication["sources"], False),
    ]
    return [(name, str(value), is_code) for name, value, is_code in rows if value]


def _day(moment: Any) -> str:
    return str(moment.date().isoformat())
