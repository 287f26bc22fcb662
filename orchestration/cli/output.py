"""How commands print: JSON documents on stdout, words and progress on stderr.

What stays out: what is printed.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA_VERSION = 1


def print_json(document: dict[str, Any]) -> None:
    """Print one document with its schema version."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=False, indent=2)
    sys.stdout.write(text + "\n")


def say(message: str) -> None:
    """A line for a person, on stderr."""
    sys.stderr.write(message + "\n")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], None]]:
    """A running count on stderr where a person looks; silent in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console  # only for a terminal

    with Console(stderr=True).status(label) as status:
        yield lambda count: status.update(f"{label}: {count:,} rows")


@contextmanager
def steps(labels: dict[str, str]) -> Iterator[Callable[[str], None]]:
    """Name each step of long work on stderr as it begins."""

    def show(name: str) -> None:
        say(f"{labels.get(name, name)} ...")

    yield show
