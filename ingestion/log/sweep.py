"""Destroying files of the log that are not in the log: they may hold what was erased.

In `segments/` lie, besides what commits name, files that others stand in place of since an erasure,
and files of writers that died between publishing them and their commit.

What stays out: saying what should be there (verification.py does, and changes nothing).
"""

from __future__ import annotations

from pathlib import Path

from ingestion.log.durable import destroy, explained
from ingestion.log.event_log import EventLog
from ingestion.log.workspace import clear_abandoned, no_writers


def sweep(log: EventLog) -> int:
    """Destroy what no commit names; how many files that was.

    Raises:
        BusyError: somebody writes, who may be about to name a file in a commit.
        StorageError: the disk refused.
    """
    count = 0
    for sha256 in log.chain.redactions.superseded:
        path = log.layout.segment(sha256)
        if path.exists():
            with explained("Destroying", path):
                destroy(path)
            count += 1
    with no_writers(log.layout):
        log.refresh()
        clear_abandoned(log.layout)
        named: set[Path] = set()
        for commit in log.commits():
            named.update(log.chain.segment_path(file.sha256) for file in commit.segments)
            named.update(log.chain.segment_path(file.sha256) for file in commit.compacted)
        for path in sorted(log.layout.segments.rglob("*")):
            if path.is_file() and path not in named:
                with explained("Destroying", path):
                    destroy(path)
                count += 1
    return count
