"""Running the `demoscope` command on a home of its own.

In this process, through the same door as the installed script: a process of its own costs seconds
for the imports of each command. `test_command.py` shows that the door is that of the process.
"""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from orchestration.cli.main import carry_out


def demoscope(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command; an error that it does not put into words is the test's failure."""
    command = ["demoscope", *map(str, arguments)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.dict("os.environ", {"DEMOSCOPE_HOME": str(home)}),
        patch.object(sys, "argv", command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            carry_out()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def document(home: Path, *arguments: str | Path) -> dict[str, Any]:
    """Run a command that prints JSON and must succeed."""
    done = demoscope(home, *arguments)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    assert printed["schema_version"] == 1
    return printed
