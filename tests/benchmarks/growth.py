"""Opening a log of many commits: `python -m tests.benchmarks.growth`; part of `make bench`.

CPU seconds. The commits are made by hand, one event each, all naming files that are not there: to
open a log and to answer what its head holds needs none of them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ingestion.log import EventLog
from ingestion.log.chain import Commit, hash_of, moment_of
from ingestion.log.held_files import held_files
from tests.ingestion.log.events import battles, commit

COMMITS = 100_000


def timed(name: str, action: Callable[[], object]) -> None:
    """Print CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    spent, waited = time.process_time() - cpu, time.perf_counter() - wall
    print(f"  {name:<34}{spent:7.2f} CPU-s {waited:7.2f} s")


def grow(log: EventLog, commits: int) -> None:
    """Lengthen the chain of a log that has one commit."""
    first = next(log.commits())
    previous = first.hash
    for seq in range(2, commits + 1):
        name = f"{seq:064x}"
        record = Commit(
            seq=seq,
            prev_hash=previous,
            batch_id=name,
            producer=first.producer,
            recorded_at=moment_of(first.recorded_us + seq),
            first_position=seq,
            event_count=1,
            segments=(replace(first.segments[0], first_position=seq, sha256=name),),
        )
        content = record.encode()
        log.layout.commit(seq).write_bytes(content)
        previous = hash_of(content)


def main(arguments: Sequence[str] = ()) -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=COMMITS)
    commits = parser.parse_args(arguments).commits
    with tempfile.TemporaryDirectory(prefix="demoscope-bench-") as name:
        root = Path(name) / "log"
        log = EventLog.open(root)
        commit(log, "first", battles([0]))
        grow(log, commits)
        print(f"a log of {commits:,} commits")
        timed("opened", lambda: EventLog.open(root))
        log = EventLog.open(root)
        timed(
            "which files the head consists of",
            lambda: held_files(log.commits(), log.redactions),
        )
        timed("signed size and root (checkpoint)", log.checkpoint)


if __name__ == "__main__":
    main(sys.argv[1:])
