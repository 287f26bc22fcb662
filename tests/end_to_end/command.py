"""Running the `demoscope` command as a person does: a process of its own, a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def demoscope(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command; a traceback on stderr is a failure whatever it returned."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *map(str, arguments)],
        env=os.environ | {"DEMOSCOPE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def document(home: Path, *arguments: str | Path) -> dict[str, Any]:
    """Run a command that prints JSON and must succeed."""
    done = demoscope(home, *arguments)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    assert printed["schema_version"] == 1
    return printed
