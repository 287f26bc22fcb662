"""BLAS has one thread in every command, unless its user says otherwise."""

import os
import subprocess
import sys

import pytest

CODE = "import orchestration, os; print(os.environ['OPENBLAS_NUM_THREADS'])"
LOADED = "import sys, orchestration, orchestration.cli.main; print('numpy' in sys.modules)"


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("4", "4")])
def test_commands_have_one_blas_thread(given: str | None, used: str) -> None:
    known = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    environment = known | ({} if given is None else {"OPENBLAS_NUM_THREADS": given})
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == used


def test_nothing_loads_numpy_before_that_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
