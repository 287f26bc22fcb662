"""What the tests of several workers read is made once per run, by the worker that asks first.

What stays out: a copy for who changes it. Each worker reads a copy of its own, since a database is
open in one process at a time.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """This worker's copy of a directory that the run has once.

    Args:
        factory: pytest's directories; the run's lie above those of a worker.
        name: of the directory.
        make: puts into an empty directory what it shall hold.
    """
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    first, made = run / f"{name}-first", run / f"{name}-made"
    with (run / f"{name}-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(first, ignore_errors=True)
            first.mkdir()
            make(first)
            made.touch()
    return Path(shutil.copytree(first, factory.mktemp(name) / name, symlinks=True))
