"""Are the figures that pages quote of simulated studies those of today? `make docs-figures`.

It simulates, loads, builds and publishes the studies, runs what pages show, and prints what a page
says otherwise. `--keep DIR` keeps the studies there, for the next run of the same code.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.docs_figures.checking import STUDIES, made, stale
from tests.docs_figures.declared import FIGURES


def main(arguments: list[str] | None = None) -> int:
    """Print what is stale; the exit code is 1 where something is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(arguments)
    found = 0
    with tempfile.TemporaryDirectory() as scratch:
        for study in STUDIES:
            place = made(study, options.keep or Path(scratch))
            for line in stale([figure for figure in FIGURES if figure.study == study], place):
                sys.stdout.write(f"{line}\n")
                found += 1
    sys.stdout.write(f"{len(FIGURES)} declared, {found} stale\n")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
