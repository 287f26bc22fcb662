"""`demoscope log compact`: fewer, larger files, so that reading the head stays fast.

What stays out: the compaction (ingestion/log/compaction.py).
"""

from __future__ import annotations

from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import print_json, say

AS_JSON = typer.Option("--json", help="Print one JSON document.")


def compact(*, as_json: Annotated[bool, AS_JSON] = False) -> None:
    """Merge small segments into large files, in a commit that adds no event.

    Positions, times and rows stay what they are, and so do the segments: what is as of an earlier
    position is read from them, and proofs lead to them.
    """
    from ingestion.log import EventLog  # imports pyarrow
    from ingestion.log.compaction import compact as compact_log

    done = compact_log(EventLog.open(Home.from_environment().log))
    if as_json:
        print_json(
            {
                "log_position": done.seq,
                "merged": [
                    {
                        "event_type": str(one.event_type),
                        "files": one.files,
                        "rows": one.rows,
                        "bytes_before": one.bytes_before,
                        "bytes_after": one.bytes_after,
                    }
                    for one in done.merged
                ],
            }
        )
        return
    if not done.merged:
        say("Nothing is worth merging.")
    for one in done.merged:
        say(
            f"{one.event_type}: {one.files:,} files with {one.rows:,} events are one now"
            f" ({one.bytes_before:,} bytes, {one.bytes_after:,})"
        )
