"""Doing what a page of the documentation says, command by command."""

import contextlib
import doctest
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.command import demoscope

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def steps(page: Path) -> Iterator[tuple[list[str], str]]:
    """Each command of a page with what the page says that it prints."""
    for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = step.partition("\n")
            yield shlex.split(command), printed


def follow(page: Path, directory: Path) -> list[str]:
    """Run a page's commands in a directory, whose home is `warehouse`, as the page's is.

    Returns:
        What was printed where the page says otherwise.
    """
    checker = doctest.OutputChecker()
    different = []
    with contextlib.chdir(directory):
        for command, expected in steps(page):
            if command[0] == "demoscope":
                done = demoscope(directory / "warehouse", *command[1:])
            else:
                done = subprocess.run(command, capture_output=True, text=True, check=True)
            printed = done.stderr + done.stdout
            if not checker.check_output(expected, printed, FLAGS):
                different.append(f"$ {shlex.join(command)}\n{printed}")
    return different
