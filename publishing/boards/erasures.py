"""What was erased since a board was made, of what it may have used.

Such a board is attested by its signature, and not recomputable: what it was made from is not there
any more. A board that was made after an erasure was made without, and is like any other.

What stays out: erasing, and which commits it concerned (ingestion/log/erasures.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.log import EventLog
    from ingestion.log.erasure import ErasedSince
    from publishing.boards.store import Board

ATTESTED = "attested, not recomputable"


def taken_from(log: EventLog, board: Board) -> list[ErasedSince]:
    """The erasures that took away something that a board may have used.

    Args:
        log: as of its head.
        board: of this log.

    Raises:
        IntegrityError: its statement cannot be read.
    """
    from ingestion.log.erasure import erasures  # imports pyarrow and duckdb

    position = board.subject["log_position"]
    made_at = datetime.fromisoformat(board.predicate["made_at"])
    return [
        one
        for one in erasures(log)
        if one.first_seq <= position < one.seq and made_at < one.recorded_at
    ]
