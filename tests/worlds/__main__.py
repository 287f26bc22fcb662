"""Every estimator and weighting in worlds that break its assumptions: what are its claims worth?

`python -m tests.worlds --replications 200 --minutes 60 --out docs` writes its part of
docs/calibration.md. Replications are taken in turn over worlds, so that all have as many (or one
less) where time runs out; each has its own seed, and is the same whatever ran before it.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from tests.worlds.declarations import WORLDS
from tests.worlds.page import with_block
from tests.worlds.scores import Record, null_tiers, replicate, stops
from tests.worlds.summaries import as_markdown, before_and_after


def run(worlds: list[str], replications: int, minutes: float, first: int = 0) -> Iterator[Record]:
    """Records of all worlds: so many replications, or as many as fit into so many minutes."""
    end = time.monotonic() + 60.0 * minutes
    for replication in range(first, first + replications):
        for world in worlds:
            if time.monotonic() > end and replication > first + 1:
                return
            yield from replicate(world, replication)
            yield from null_tiers(world, replication)
            yield from stops(world, replication, "twins")
            # Looks are what costs most: of one leader half as many.
            if replication % 2 == 0:
                yield from stops(world, replication, "apart")


def kept_in(files: list[Path]) -> list[Record]:
    """The records of files that `--save` wrote."""
    return [
        json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run the worlds asked for and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first replication")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, help="folder of calibration.md; without it, print")
    parser.add_argument("--save", type=Path, help="also keep every record as JSON lines")
    parser.add_argument("--read", type=Path, nargs="+", help="report on kept records; run nothing")
    parser.add_argument("--before", type=Path, nargs="+", help="kept records to compare with")
    options = parser.parse_args(arguments)
    records = kept_in(options.read or [])
    if not options.read:
        with options.save.open("w") if options.save else nullcontext() as lines:
            for record in run(options.worlds, options.replications, options.minutes, options.first):
                records.append(record)
                if lines:
                    lines.write(json.dumps(record, allow_nan=False) + "\n")
    if options.before:
        sys.stdout.write(before_and_after(kept_in(options.before), records) + "\n")
        return
    text = as_markdown(records, "make calibrate")
    if options.out is None:
        sys.stdout.write(text + "\n")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    page = options.out / "calibration.md"
    known = page.read_text(encoding="utf-8") if page.exists() else "# Calibration\n"
    page.write_text(with_block(known, text), encoding="utf-8")


if __name__ == "__main__":
    main()
