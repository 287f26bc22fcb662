"""The installed command is a process whose streams and exit codes are those of `command.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope


@pytest.mark.parametrize(
    "arguments", [("log", "show", "--json"), ("leaderboard",), ("log", "show", "--nonsense")]
)
def test_a_process_ends_as_the_call_does(home: Path, arguments: tuple[str, ...]) -> None:
    home.mkdir()
    script = Path(sys.executable).with_name("demoscope")
    environment = os.environ | {"DEMOSCOPE_HOME": str(home)}
    process = subprocess.run(
        [script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    called = demoscope(home, *arguments)
    assert (process.returncode, process.stdout) == (called.returncode, called.stdout)
    assert process.stderr == called.stderr
    if "--json" in arguments:
        assert json.loads(process.stdout)["commits"] == []
