"""A reader as BI tools are: opens `current`, reads every table in every form, again and again.

    python reader.py MARTS BEGAN STOP

Makes the file BEGAN when it has read once and reads for the last time when the file STOP is there;
prints which versions it saw. Anything that is not of one version ends it with an error.
"""

import json
import sys
from pathlib import Path

import duckdb


def read(marts: Path) -> set[int]:
    """The versions that one look at `current` saw: one, if it is consistent."""
    with duckdb.connect(marts / "current" / "demoscope.duckdb", read_only=True) as connection:
        seen = {row[0] for row in connection.execute("select version from a").fetchall()}
        seen |= {row[0] for row in connection.execute("select version from b").fetchall()}
    directory = (marts / "current").resolve(strict=True)
    manifest = json.loads((directory / "manifest.json").read_bytes())
    rows = duckdb.execute(f"select distinct version from '{directory}/a.parquet'").fetchall()
    csv = duckdb.execute(f"select distinct version from '{directory}/b.csv'").fetchall()
    assert {row[0] for row in rows} == {row[0] for row in csv} == {manifest["log_position"]}
    assert len(seen) == 1, seen
    return seen


def main(marts: Path, began: Path, stop: Path) -> None:
    """Read until told to stop."""
    versions = read(marts)
    began.touch()
    is_last = False
    while not is_last:
        is_last = stop.exists()
        versions |= read(marts)
    sys.stdout.write(json.dumps(sorted(versions)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
