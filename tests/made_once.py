"""What tests of several workers copy is made once per run, by the worker that asks first.

It is for homes that are copied before they are used: a database that was copied is built again or
attacked, and never read (`require_in_place`). Whoever reads a built home builds one per worker.
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
